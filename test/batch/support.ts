import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { BatchRow, Sink } from '../../src/batch/index.ts';
import { jit, type TracedModule } from '../../src/index.ts';
import { MAIN, RELAXED } from '../support/command.ts';
import { embedderOf, folderOf } from '../support/sentence.ts';

const WORDS = 'Paris is the capital of France and a man who eats food there was a puppeteer'.split(' ');

/** Texts that differ, of one to `most` words and a number. */
export const corpus = (count: number, most = WORDS.length): string[] =>
  Array.from({ length: count }, (_, i) => `${WORDS.slice(i % WORDS.length, (i % WORDS.length) + 1 + (i % most)).join(' ')} ${i}`);

/** A trace with its file, and a folder of its own for what a test writes. */
export interface Bench {
  folder: string;
  traced: TracedModule;
  file: string;
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

/** A sink in memory, by shard as files are. */
export function memorySink(before: (id: string) => Promise<void> = async () => {}): Sink & { rows(): BatchRow[]; writes: number } {
  const shards = new Map<string, readonly BatchRow[]>();
  return {
    writes: 0,
    async write({ id, rows }) {
      await before(id);
      this.writes++;
      shards.set(id, rows);
    },
    has: async (id) => shards.has(id),
    rows: () => [...shards.values()].flat(),
  };
}

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** Of test/batch/worker.mjs. */
export interface Fault {
  queue: string;
  name: string;
  model: string;
  sink: string;
  lock: number;
  fault?: 'computing' | 'writing';
  word?: string;
}

/** A worker with a fault under way. */
export const faulty = (fault: Fault) => started([WORKER, JSON.stringify(fault)]);
