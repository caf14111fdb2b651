import { afterEach, describe, expect, test } from 'vitest';
import { table } from '../../src/cli/output.ts';
import { columnsOf, cut } from '../../src/cli/terminal.ts';

const columns = process.stdout.columns;
afterEach(() => {
  process.stdout.columns = columns;
});

test.each([
  ['', 0],
  ['a cat', 5],
  ['naïve', 5],
  ['nai\u0308ve', 5],
  ['日本語', 6],
  ['ｶﾅ', 2],
  ['（ａ）', 6],
  ['한국어', 6],
  ['👍🏽 ok', 5],
  ['👩‍👩‍👧', 2],
  ['❤️', 2],
  ['\u200ba', 1],
])('%j takes %i columns', (text, count) => expect(columnsOf(text)).toBe(count));

test.each([
  ['a cat on a mat', 8, 'a cat o…'],
  ['a cat', 5, 'a cat'],
  ['日本語です', 6, '日本…'],
  ['日本語', 6, '日本語'],
  ['日本語', 5, '日本…'],
  ['a\nb\x1b[31m', 9, 'a b [31m'],
  ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
])('%j in %i columns is %j', (text, most, want) => {
  expect(cut(text, most)).toBe(want);
  expect(columnsOf(cut(text, most))).toBeLessThanOrEqual(most);
});

describe('a table', () => {
  const shown = (rows: string[][], align: string, most: number): string[] => {
    process.stdout.columns = most;
    return table(rows, align).split('\n');
  };

  test('has its cells under one another, whatever they are written in', () => {
    expect(shown([['日本', '1'], ['cat', '22']], 'lr', 80)).toEqual(['日本   1', 'cat   22']); // biome-ignore format: rows
  });

  test('cuts texts where the terminal ends, the longest first', () => {
    const rows = [
      ['0.5', 'a short one', 'x'.repeat(200)],
      ['0.25', 'b', '語'.repeat(90)],
    ];
    const lines = shown(rows, 'rtt', 40);
    expect(lines.map(columnsOf)).toEqual([40, 40]);
    expect(lines[0]).toMatch(/^ 0\.5 {2}a short one {2}x+…$/);
    expect(shown(rows, 'rtt', 10).map(columnsOf)).toEqual([4 + 2 + 11 + 2 + 12, 4 + 2 + 11 + 2 + 11]);
  });

  test('leaves all else as it is', () => {
    expect(shown([['a'.repeat(100)]], 'l', 40)).toEqual(['a'.repeat(100)]);
    expect(shown([['a\tb']], 'l', 40)).toEqual(['a b']);
  });
});
