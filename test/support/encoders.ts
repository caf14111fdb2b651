import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Tensor } from '../../src/index.ts';
// @ts-expect-error a script without types
import { layInto } from '../runtimes/laid.mjs';

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));

const named = (home: string, prefix = ''): string[] => readdirSync(join(FIXTURES, home)).map((name) => `${prefix}${name}`);

type Files = Readonly<Record<string, string | Uint8Array>>;

/** A folder of the fixtures, with files of a test's own in place of its. */
export function encoderFolder(name: string, files: Files = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'encoder-'));
  layInto(folder, name);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

/** A folder that sentence-transformers wrote, and what it answered. */
export interface Folder {
  name: string;
  path(): string;
}

/** Folders with these first letters: those of the fixtures, or all in the folder that TRACELET_PIPELINES names. */
export function foldersOf(prefix: string): Folder[] {
  const all = process.env.TRACELET_PIPELINES;
  const names = all ? readdirSync(all) : [...named('encoders'), ...named('sentence', 'st-').filter((name) => name !== 'st-encoder')];
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ name, path: () => (all ? join(all, name) : encoderFolder(name)) }));
}

export const answersIn = <T>(folder: string, file: string): T => JSON.parse(readFileSync(join(folder, file), 'utf8'));

const flat = (value: unknown): number[] => [value].flat(9) as number[];

/** That numbers, in lists of any depth or a tensor, are near those of Python. */
export function expectClose(got: Tensor | readonly number[] | number, want: unknown, tolerance = 1e-4): void {
  const [mine, theirs] = [flat(typeof got === 'object' && 'tolist' in got ? got.tolist() : got), flat(want)];
  expect(mine.length).toBe(theirs.length);
  const worst = mine.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i]) / Math.max(1, Math.abs(theirs[i]))), 0);
  expect(worst).toBeLessThan(tolerance);
}
