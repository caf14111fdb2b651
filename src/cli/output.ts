import { fstatSync, readSync, statSync } from 'node:fs';
import { TraceletError } from '../base/error.ts';
import { type Dim, showDim } from '../tensor/dim.ts';
import { columnsOf, cut, lineColumns } from './terminal.ts';

/** Writes a line of the answer to stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes one line of JSON to stdout. */
export const printJson = (value: unknown): void => print(JSON.stringify(value));

/** Writes a remark, which is no part of the answer, to stderr. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

const GAP = 2;
/** Columns that a text has however narrow the terminal is. */
const LEAST_TEXT = 12;

/**
 * Rows with their cells under one another; `align` has an l or r for each column, or a t for texts, which are cut where lines would be longer than
 * those of the terminal. Control characters are spaces.
 */
export function table(given: readonly (readonly string[])[], align: string): string {
  const rows = given.map((row) => row.map((cell, col) => cut(cell, align[col] === 't' ? Math.max(LEAST_TEXT, lineColumns()) : Infinity)));
  const widths = fitted(
    [...align].map((_, col) => rows.reduce((most, row) => Math.max(most, columnsOf(row[col] ?? '')), 0)),
    align,
  );
  const pad = (cell: string, col: number): string => {
    const shown = align[col] === 't' ? cut(cell, widths[col]) : cell;
    const blanks = ' '.repeat(Math.max(0, widths[col] - columnsOf(shown)));
    return align[col] === 'r' ? blanks + shown : shown + blanks;
  };
  return rows.map((row) => row.map(pad).join(' '.repeat(GAP)).trimEnd()).join('\n');
}

/** Widths of columns, those of texts made narrower until a line fits, the widest first. */
function fitted(widths: readonly number[], align: string): number[] {
  const texts = widths.map((width, col) => ({ width, col })).filter(({ col }) => align[col] === 't');
  const others = widths.reduce((sum, width, col) => sum + (align[col] === 't' ? 0 : width) + (col > 0 ? GAP : 0), 0);
  const fit = [...widths];
  let left = lineColumns() - others;
  for (const [i, { width, col }] of texts.toSorted((a, b) => a.width - b.width).entries()) {
    fit[col] = Math.min(width, Math.max(LEAST_TEXT, Math.floor(left / (texts.length - i))));
    left -= fit[col];
  }
  return fit;
}

/** Backgrounds that alternate between parts of a text, so that both ends of each are seen: those of a light and a dark blue. */
const STRIPES = ['\x1b[30;48;5;153m', '\x1b[97;48;5;25m'];

/** Parts side by side in alternating colours; undefined where stdout shows none. */
export const striped = (parts: readonly string[]): string | undefined =>
  process.stdout.isTTY && process.stdout.hasColors()
    ? parts.map((part, i) => `${STRIPES[i % STRIPES.length]}${part}\x1b[0m`).join('')
    : undefined;

const scaled = (value: number, step: number, prefixes: readonly string[]): string => {
  let power = 0;
  while (power < prefixes.length - 1 && Number((value / step ** power).toFixed(1)) >= step) power++;
  const [fine, coarse] = [2, 1].map((digits) => (value / step ** power).toFixed(digits));
  return `${power === 0 ? value : fine.length > 4 ? coarse : fine} ${prefixes[power]}`;
};

/** A number of bytes, such as "86.7 MiB". */
export const bytes = (value: number): string => scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB']);

/** A number of floating-point operations, such as "2.91 GFLOP". */
export const flops = (value: number): string => `${scaled(value, 1000, ['', 'k', 'M', 'G', 'T'])}FLOP`;

/** A whole number with its thousands apart. */
export const whole = (value: number): string => value.toLocaleString('en-US');

/** A dtype and shape as messages write them. */
export const typeOf = ({ dtype, shape, dims = shape }: { dtype: string; shape: readonly number[]; dims?: readonly Dim[] }): string =>
  `${dtype} [${dims.map(showDim).join(', ')}]`;

/**
 * Throws a `source` error where stdout is closed, so that the answer would be lost. Node puts /dev/null in its place, open for reading as well,
 * which one that a shell redirects to is not.
 */
export function expectStdout(): void {
  if (!isStdoutClosed()) return;
  throw new TraceletError('source', {
    what: 'stdout',
    expected: 'a place for the answer',
    got: 'none: it is closed',
    cure: 'Redirect it to a file, or with > /dev/null if nobody wants the answer',
  });
}

function isStdoutClosed(): boolean {
  if (process.platform === 'win32') return false;
  try {
    if (fstatSync(1).rdev !== statSync('/dev/null').rdev) return false;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EBADF';
  }
  try {
    readSync(1, new Uint8Array(1));
    return true;
  } catch {
    return false;
  }
}
