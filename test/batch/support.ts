import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { jit, type TracedModule } from '../../src/index.ts';
import { MAIN, RELAXED } from '../support/command.ts';
import { embedderOf, folderOf } from '../support/sentence.ts';
// @ts-expect-error a script without types
import { missing, startPostgres, startRedis } from './servers.mjs';

const WORDS = 'Paris is the capital of France and a man who eats food there was a puppeteer'.split(' ');

/** Texts that differ, of one to `most` words and a number. */
export const corpus = (count: number, most = WORDS.length): string[] =>
  Array.from({ length: count }, (_, i) => `${WORDS.slice(i % WORDS.length, (i % WORDS.length) + 1 + (i % most)).join(' ')} ${i}`);

/** A server under way. */
export interface Server {
  readonly address: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Servers of queues, and the programs that they need. */
export const SERVERS: readonly { name: string; program: string; start: () => Promise<Server> }[] = [
  { name: 'Redis', program: 'redis-server', start: startRedis },
  { name: 'PostgreSQL', program: 'postgres', start: startPostgres },
];

/** Describes what holds for a server; skipped, with the reason, where it is not installed. */
export function describeWith(name: string, program: string, tests: () => void): void {
  const why: string | undefined = missing(program);
  if (why) describe.skip(`${name}: ${why}`, () => test('is skipped', () => {}));
  else describe(name, tests);
}

/** A trace with its file, and a folder of its own for what a test writes. */
export interface Bench {
  readonly folder: string;
  readonly traced: TracedModule;
  readonly file: string;
  remove(): void;
}

export async function bench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'batch-'));
  const traced = await embedderOf(folderOf('mean'));
  const file = join(folder, 'model.tracelet');
  await jit.save(traced, file);
  return { folder, traced, file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A call of the command under way. */
export function tracelet(...args: readonly string[]) {
  return started([MAIN, ...args]);
}

/** A script under way, and what it wrote. */
export function started(args: readonly string[]) {
  const child = spawn(process.execPath, [...RELAXED, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece) => {
      output += piece;
    });
  const ended = new Promise<{ status: number | NodeJS.Signals | null; output: string }>((resolve) =>
    child.on('close', (status, signal) => resolve({ status: status ?? signal, output })),
  );
  /** Waits for a line of its output. */
  const said = async (line: string): Promise<void> => {
    while (!output.split('\n').includes(line)) {
      await Promise.race([once(child.stdout, 'data'), ended]);
      if (child.exitCode !== null) throw new Error(`ended before it said ${line}:\n${output}`);
    }
  };
  return { child, ended, said };
}

export type Row = { id: string; embedding: number[] } | { id: string; error: { code: string; message: string } };

/** The rows of all files in a folder. */
export const rowsIn = (folder: string): Row[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ndjson'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line));

/** Proves that each text has its vector, once. */
export async function expectVectors(
  rows: readonly Row[],
  texts: readonly string[],
  ids: readonly string[],
  traced: TracedModule,
): Promise<void> {
  expect(rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
  const want: number[][] = (await traced.embed(texts)).tolist();
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const [i, id] of ids.entries()) {
    const row = found.get(id);
    expect(row && 'embedding' in row && row.embedding.map(Math.fround), texts[i]).toEqual(want[i]);
  }
}

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** Of test/batch/worker.mjs. */
export interface Fault {
  queue: string;
  name: string;
  model: string;
  sink: string;
  lock: number;
  fault?: 'computing' | 'writing' | 'paused';
  word?: string;
}

/** A worker with a fault under way. */
export const faulty = (fault: Fault) => started([WORKER, JSON.stringify(fault)]);
