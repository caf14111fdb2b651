import { describe, expect, test } from 'vitest';
import { started } from '../support/atencalls.ts';
import { problem } from '../support/tiny.ts';

describe('einsum', () => {
  const SQUARE = [1, 2, 3, 4];

  test.each<[string, number[][], number[]]>([
    [
      'bi,ij,bj->b',
      [
        [1, 2],
        [2, 2],
        [1, 2],
      ],
      [1 + 4 + 6 + 16],
    ],
    ['ii->i', [[2, 2]], [1, 4]],
    ['ij->j', [[2, 2]], [4, 6]],
    [
      '...j,jk->...k',
      [
        [2, 2],
        [2, 2],
      ],
      [7, 10, 15, 22],
    ],
    [
      'ij,kl->',
      [
        [2, 2],
        [2, 2],
      ],
      [100],
    ],
    [
      'ij,jk',
      [
        [2, 2],
        [2, 2],
      ],
      [7, 10, 15, 22],
    ],
  ])('%s', (equation, shapes, want) => {
    const { floats, call, numbers } = started();
    const tensors = shapes.map((shape) => floats(shape, SQUARE.slice(0, shape[0] * shape[1])));
    expect(numbers(call('einsum', [equation, tensors]))).toEqual(want);
  });

  test('without a letter for each dimension is refused', async () => {
    const { floats, call } = started();
    await problem('op', () => call('einsum', ['ij,j->i', [floats([2], [1, 2]), floats([2], [1, 2])]]));
  });
});
