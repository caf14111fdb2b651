import { describe, expect, test } from 'vitest';
import { started } from '../support/atencalls.ts';

describe('whole numbers', () => {
  test('that are hashed are exact beyond what floats hold', () => {
    const { ids, call, numbers } = started();
    const values = [0, 1, 30521, 250001, 16777215];
    const hashed = (factor: number, more: number, by: number): number[] =>
      numbers(call('remainder', [call('add', [call('mul', [ids([5], values), factor]), more]), by]));
    for (const [factor, more, by] of [
      [7919, 13, 1009],
      [2654435761, 0, 100003],
      [-31, 7, 50021],
      [1000003, 2 ** 40, 4194301],
    ]) {
      const want = values.map((value) => {
        const sum = (BigInt(value) * BigInt(factor) + BigInt(more)) % BigInt(by);
        return Number(sum < 0n ? sum + BigInt(by) : sum);
      });
      expect(hashed(factor, more, by), `${factor} ${more} ${by}`).toEqual(want);
    }
  });

  test('times what leaves nothing, or more of them than there are, have the shape of the product', () => {
    const { ids, call, numbers } = started();
    const x = ids([2], [5, -3]);
    expect(numbers(call('remainder', [call('mul', [x, 8]), 4]))).toEqual([0, 0]);
    expect(numbers(call('remainder', [call('add', [call('mul', [x, 0]), call('mul', [x, 3])]), 7]))).toEqual([1, 5]);
    const threes = call('full', [[3, 2], 3]);
    expect(numbers(call('remainder', [call('mul', [x, threes]), 7]))).toEqual([1, 5, 1, 5, 1, 5]);
  });

  test('are shifted and masked', () => {
    const { ids, call, numbers } = started();
    const x = ids([4], [5, 8, 255, 6]);
    expect(numbers(call('__rshift__', [x, 1]))).toEqual([2, 4, 127, 3]);
    expect(numbers(call('bitwise_left_shift', [x, 2]))).toEqual([20, 32, 1020, 24]);
    expect(numbers(call('__and__', [x, 3]))).toEqual([1, 0, 3, 2]);
  });
});
