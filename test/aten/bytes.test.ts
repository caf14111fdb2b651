import { expect, test } from 'vitest';
import { Aten } from '../../src/aten/aten.ts';
import type { Argument, AtenTensor } from '../../src/aten/values.ts';
import { whole } from '../support/atenprograms.ts';

/** Numbers of PyTorch's dtypes. */
const [UINT8, INT8, INT64] = [0, 1, 4];

const SITE = { file: 'code/model.py', line: 3, path: '' };

function answer(
  dtype: 'uint8' | 'int8' | 'int64',
  data: readonly number[],
  steps: (call: (op: string, ...given: unknown[]) => unknown, x: unknown) => unknown,
) {
  const aten = new Aten();
  const x = aten.input('x', whole([data.length], data), dtype);
  const call = (op: string, ...given: unknown[]): unknown => aten.call(op, given as Argument[], new Map(), SITE);
  return Array.from(aten.lower(steps(call, x) as AtenTensor).data, Number);
}

test.each<[string, 'uint8' | 'int8' | 'int64', readonly number[], string, readonly unknown[], readonly number[]]>([
  ['sums', 'uint8', [250, 3, 255], 'add', [10], [4, 13, 9]],
  ['sums', 'int8', [120, -3, 127], 'add', [10], [-126, 7, -119]],
  ['differences', 'uint8', [5, 10], 'sub', [7], [254, 3]],
  ['differences', 'int8', [-120, 10], 'sub', [10], [126, 0]],
  ['products', 'uint8', [100, 16], 'mul', [16], [64, 0]],
  ['products', 'int8', [100, -100], 'mul', [2], [-56, 56]],
  ['negatives', 'uint8', [1, 0], 'neg', [], [255, 0]],
  ['negatives', 'int8', [-128, 5], 'neg', [], [-128, -5]],
  ['complements', 'uint8', [1, 255], 'bitwise_not', [], [254, 0]],
  ['casts', 'int64', [300, -1, 255], 'to', [UINT8], [44, 255, 255]],
  ['casts', 'int64', [300, 200, -129], 'to', [INT8], [44, -56, 127]],
])('%s of %s %j begin again beyond what a byte holds: %s', (_, dtype, data, op, given, want) => {
  expect(answer(dtype, data, (call, x) => call(op, x, ...given))).toEqual(want);
});

test('numbers that follow from sizes do so too, and wider ones do not', () => {
  expect(
    answer('int64', [0, 0], (call, x) => call('add', x, call('slice', call('to', call('arange', 300), UINT8), 0, 255, 257, 1))),
  ).toEqual([255, 0]);
  expect(answer('uint8', [200, 3], (call, x) => call('add', call('to', x, INT64), 100))).toEqual([300, 103]);
  expect(answer('uint8', [200, 100], (call, x) => call('sum', x))).toEqual([300]);
});
