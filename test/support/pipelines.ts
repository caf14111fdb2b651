import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Pipeline, type PipelineOptions, pipeline, type TaskName } from '../../src/index.ts';
import { ARCHITECTURES } from '../../src/models/index.ts';
// @ts-expect-error a script without types
import { layInto } from '../runtimes/laid.mjs';
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

/** A folder of the fixtures with all of its files. */
export function pipelineFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipeline-'));
  layInto(folder, name);
  return folder;
}

/** Folders with the answers of Python's pipelines: those of the fixtures, or all in the folder that TRACELET_PIPELINES names whose families are known. */
export function pipelineCases(): PipelineCase[] {
  const all = process.env.TRACELET_PIPELINES;
  return readdirSync(all ?? fixture('pipelines')).flatMap((name) => {
    const directory = all ? join(all, name) : pipelineFolder(name);
    const file = `${directory}/pipeline.json`;
    if (!existsSync(file) || !isKnown(directory)) return [];
    const { task, calls } = JSON.parse(readFileSync(file, 'utf8')) as Pick<PipelineCase, 'task' | 'calls'>;
    return TASKS.includes(task) ? [{ name, directory, task, calls }] : [];
  });
}

/** Opens pipelines of the fixtures, or of other folders and files, until the tests of a file have run. */
export function pipelineOpener() {
  const opened: Pipeline[] = [];
  afterAll(() => {
    for (const each of opened) each.dispose();
  });
  return async <Name extends TaskName>(task: Name, name: string, options?: PipelineOptions<Name>): Promise<Pipeline<Name>> => {
    const made = await pipeline(task, name.includes('/') ? name : fixture(`pipelines/${name}`), options);
    opened.push(made as unknown as Pipeline);
    return made as unknown as Pipeline<Name>;
  };
}
