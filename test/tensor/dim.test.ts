import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bounds, cornersOf, evaluateDim, interpolate, parseDim, showDim, symbolOf } from '../../src/tensor/dim.ts';
import { problem } from '../support/tiny.ts';

const BOUNDS: Bounds = { batch: [1, 64], sequence: [3, 512], rows: [97, 101] };
const factor = fc.integer({ min: -1000, max: 1000 });

test('sums of products come back from their values at the corners', () => {
  const subsets = [[], ['batch'], ['sequence'], ['batch', 'sequence'], ['rows'], ['batch', 'rows'], ['batch', 'sequence', 'rows']];
  fc.assert(
    fc.property(fc.array(factor, { minLength: subsets.length, maxLength: subsets.length }), (factors) => {
      const valueAt = (sizes: Record<string, number>): number =>
        subsets.reduce((sum, symbols, i) => sum + symbols.reduce((product, symbol) => product * sizes[symbol], factors[i]), 0);
      const dim = interpolate(cornersOf(BOUNDS).map(valueAt), BOUNDS);
      for (const sizes of [...cornersOf(BOUNDS), { batch: 7, sequence: 130, rows: 99 }])
        expect(evaluateDim(dim as never, sizes)).toBe(valueAt(sizes));
    }),
  );
});

test.each([
  [[8, 8, 8, 8], 8],
  [[0, 0, 0, 0], 0],
  [[1, 64, 1, 64], [[1, 'batch']]],
  [[4, 4, 1024, 1024], [[2, 'sequence']]],
  [
    [2, 65, 2, 65],
    [[1, 'batch'], [1]],
  ],
])('%j are %j', (values, dim) => {
  expect(interpolate(values, { batch: [1, 64], sequence: [2, 512] })).toEqual(dim);
});

test('what is no sum of products with whole factors has no form', () => {
  expect(interpolate([0, 1], { batch: [1, 64] })).toBeUndefined();
});

test('dimensions in words', () => {
  expect(showDim(12)).toBe('12');
  expect(showDim([[1, 'batch']])).toBe('batch');
  expect(showDim([[3, 'batch', 'sequence'], [-2]])).toBe('3·batch·sequence - 2');
  expect([symbolOf([[1, 'batch']]), symbolOf([[2, 'batch']]), symbolOf([[1, 'batch'], [1]]), symbolOf(3)]).toEqual([
    'batch',
    undefined,
    undefined,
    undefined,
  ]);
});

test.each([-1, 1.5, 'batch', [], [[]], [['batch']], [[1, 'width']], [[1.5, 'batch']], [1], null, {}])('refuses %j', async (raw) => {
  expect((await problem('format', () => parseDim(raw, ['batch'], 'values[0]'))).message).toMatch(/values\[0\]: expected a whole number or/);
});
