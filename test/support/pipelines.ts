import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { ARCHITECTURES } from '../../src/models/index.ts';
import { fixture } from './fixtures.ts';

/** A call of a pipeline, and what Python answered. */
export interface PipelineCall {
  inputs: unknown;
  kwargs: Record<string, unknown>;
  output?: unknown;
  error?: string;
}

export interface PipelineCase {
  name: string;
  directory: string;
  task: string;
  calls: PipelineCall[];
}

const TASKS = [
  'feature-extraction',
  'fill-mask',
  'question-answering',
  'text-classification',
  'token-classification',
  'zero-shot-classification',
];

const isKnown = (directory: string): boolean =>
  JSON.parse(readFileSync(`${directory}/config.json`, 'utf8')).architectures.every((name: string) => Object.hasOwn(ARCHITECTURES, name));

/** Folders with the answers of Python's pipelines: those of the fixtures, or all in the folder that TRACELET_PIPELINES names whose families are known. */
export function pipelineCases(): PipelineCase[] {
  const home = process.env.TRACELET_PIPELINES ?? fixture('pipelines');
  return readdirSync(home).flatMap((name) => {
    const directory = `${home}/${name}`;
    const file = `${directory}/pipeline.json`;
    if (!existsSync(file) || !isKnown(directory)) return [];
    const { task, calls } = JSON.parse(readFileSync(file, 'utf8')) as Pick<PipelineCase, 'task' | 'calls'>;
    return TASKS.includes(task) ? [{ name, directory, task, calls }] : [];
  });
}
