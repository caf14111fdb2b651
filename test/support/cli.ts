import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { jit } from '../../src/index.ts';
import { MAIN, RELAXED } from './command.ts';
import { callHere, canCallHere, type Result } from './commandcalls.ts';
import { fixture } from './fixtures.ts';

export const WORDS = '[PAD] [UNK] [CLS] [SEP] [MASK] paris is the capital of france . who was jim henson ? a puppeteer , and voice frog';

const ENV = { ...process.env, TRACELET_DEBUG: '' };

/** The directory that calls run in, with the traces `bare`, `masked` and `sentence`. */
let home: string;

/** A path in it. */
export const at = (...parts: string[]): string => join(home, ...parts);

interface Call {
  input?: string;
  /** What is run in a process of its own, where more counts than words, files and answers. */
  main?: string;
  env?: Record<string, string>;
}

/** A call under way in a process of its own. */
export function start(args: readonly string[], { main = MAIN, env = {} }: Call = {}) {
  const child = spawn(process.execPath, [...RELAXED, main, ...args], { cwd: home, env: { ...ENV, ...env } });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (piece) => {
      out[name] += piece;
    });
  const result = new Promise<Result>((resolve) => child.on('close', (status, signal) => resolve({ status: status ?? signal, ...out })));
  return { child, result };
}

/** What a call gave. */
export function call(args: readonly string[], options: Call = {}): Promise<Result> {
  const isPlain = !options.main && !options.env && !args.some((arg) => arg.startsWith('/dev/')) && args[args.indexOf('-o') + 1] !== '-';
  if (isPlain && canCallHere) return callHere(args, home, options.input);
  const { child, result } = start(args, options);
  child.stdin.on('error', () => {}).end(options.input);
  return result;
}

/** Output of a call that succeeds. */
export async function answer(args: readonly string[], options: Call = {}): Promise<string> {
  const { status, stdout, stderr } = await call(args, options);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** Lines of the output of a call that succeeds. */
export const lines = async (args: readonly string[], options: Call = {}) => (await answer(args, options)).trimEnd().split('\n');

/** JSON that a call prints. */
export const json = async (args: readonly string[], options: Call = {}) => JSON.parse(await answer(args, options));

/** Message of a call that fails with `status`. */
export async function failure(status: number, args: readonly string[], options: Call = {}): Promise<string> {
  const result = await call(args, options);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toMatch(/^\s+at /m);
  for (const line of result.stderr.trimEnd().split('\n')) expect(line).toMatch(/^(tracelet: |See tracelet |\(Did you mean )/);
  expect(result.status).toBe(status);
  return result.stderr;
}

/** A directory of transformers, with a vocabulary unless told otherwise. */
export function directory(name: string, from: string, options: { vocab?: boolean } = {}): string {
  mkdirSync(at(name));
  for (const file of ['config.json', 'model.safetensors']) cpSync(fixture(`zoo/${from}/${file}`), at(name, file));
  if (options.vocab !== false) writeFileSync(at(name, 'vocab.txt'), `${WORDS.split(' ').join('\n')}\n`);
  return name;
}

export function sentenceDirectory(name: string, modules: readonly string[]): string {
  directory(name, 'bert-BertModel');
  const path = (type: string, idx: number) => (idx ? `${idx}_${type}` : '');
  const types = modules.map((type, idx) => ({ idx, name: `${idx}`, path: path(type, idx), type: `sentence_transformers.models.${type}` }));
  writeFileSync(at(name, 'modules.json'), JSON.stringify(types));
  mkdirSync(at(name, '1_Pooling'));
  writeFileSync(
    at(name, '1_Pooling/config.json'),
    JSON.stringify({ word_embedding_dimension: 48, pooling_mode_mean_tokens: true, pooling_mode_cls_token: false }),
  );
  return name;
}

/** A trace of the directory, on the kernels that the command takes. */
export const load = (file: string) => jit.load(at(file));

/** A directory with the three traces, from which those of the files that a process runs are copied. */
let traces: string | undefined;

async function makeTraces(): Promise<string> {
  home = mkdtempSync(join(tmpdir(), 'tracelet-cli-'));
  await answer(['trace', directory('bare', 'bert-BertModel'), '-o', 'bare.tracelet', '--seq', '8']);
  await answer(['trace', directory('masked', 'bert-BertForMaskedLM'), '-o', 'masked.tracelet', '--seq', '16']);
  await answer(['trace', sentenceDirectory('sentence', ['Transformer', 'Pooling', 'Normalize']), '-o', 'sentence.tracelet', '--seq', '16']);
  return home;
}

/** Gives the tests of a file a directory of their own for calls. */
export function withTraces(): void {
  beforeAll(async () => {
    traces ??= await makeTraces();
    home = mkdtempSync(join(tmpdir(), 'tracelet-cli-'));
    cpSync(traces, home, { recursive: true });
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));
}
