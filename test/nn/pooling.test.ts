import { describe, expect, test } from 'vitest';
import { F, tensor } from '../../src/index.ts';
import { problem } from '../support/tiny.ts';

const x = tensor([[[1], [2], [4], [8], [16]]], { dtype: 'float32' });
const mask = (...values: number[]) => tensor([values]);

describe('one vector of the tokens of a text', () => {
  test.each([
    ['mean_pool', F.mean_pool, (2 + 4 + 16) / 3],
    ['mean_sqrt_pool', F.mean_sqrt_pool, (2 + 4 + 16) / Math.sqrt(3)],
    ['max_pool', F.max_pool, 16],
    ['first_pool', F.first_pool, 2],
    ['last_pool', F.last_pool, 16],
    ['weighted_mean_pool', F.weighted_mean_pool, (2 + 2 * 4 + 4 * 16) / 7],
  ])('%s', (_, pool, wanted) => {
    expect(pool(x, mask(0, 1, 1, 0, 1)).item()).toBeCloseTo(wanted, 5);
    expect(pool(x, mask(0, 0, 0, 0, 0)).item()).toBe(0);
    expect(pool(x).shape).toEqual([1, 1]);
  });

  test('takes a text a row, whose tokens the mask counts', async () => {
    for (const [input, given] of [
      [tensor([[1.5], [2]]), mask(1)],
      [x, mask(1, 1)],
    ])
      await problem('shape', () => F.mean_pool(input, given));
  });

  test('weights count from where the text begins, whatever of it is left out', () => {
    expect(F.weighted_mean_pool(x, mask(0, 0, 0, 1, 1), mask(0, 1, 1, 1, 1)).item()).toBeCloseTo((3 * 8 + 4 * 16) / 7, 5);
  });
});
