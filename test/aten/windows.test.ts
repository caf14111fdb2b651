import { describe, expect, test } from 'vitest';
import type { Argument } from '../../src/aten/values.ts';
import { started } from '../support/atencalls.ts';
import { f } from '../support/atenprograms.ts';
import { problem } from '../support/tiny.ts';

describe('windows and diagonals', () => {
  test('see what stands beside one another', () => {
    const { floats, call, numbers } = started();
    const x = floats([1, 1, 5], [1, 5, 2, 4, 3]);
    expect(numbers(call('unfold', [x, 2, 2, 2]))).toEqual([1, 5, 2, 4]);
    expect(numbers(call('max_pool1d', [x, [2], [1], [1]]))).toEqual([1, 5, 5, 4, 4, 3]);
    expect(numbers(call('avg_pool1d', [x, [2]]))).toEqual([3, 3]);
    expect(numbers(call('adaptive_avg_pool1d', [x, [1]]))).toEqual([3]);
  });

  test('of convolutions are any, but transposed', async () => {
    const { floats, call, numbers } = started();
    const x = floats([1, 2, 4], [1, 2, 3, 4, 5, 6, 7, 8]);
    const weight = floats([1, 2, 2], [1, 10, 100, 1000]);
    const conv = (...given: Argument[]): number[] => numbers(call('conv1d', [x, weight, ...given]));
    expect(conv()).toEqual([6521, 7632, 8743]);
    expect(conv(null, [2])).toEqual([6521, 8743]);
    expect(conv(null, [1], [1], [2])).toEqual([6020, 7531, 8642, 703]);
    expect(conv(null, [1], 'same')).toEqual([6521, 7632, 8743, 804]);
    const mode = call('_convolution_mode', [x, weight, null, [1], 'valid', [1], 1]);
    expect(numbers(mode)).toEqual([6521, 7632, 8743]);
    expect(numbers(call('conv1d', [x, floats([2, 1, 2], [1, 10, 2, 20]), floats([2], [0.5, 0]), [1], [0], [1], 2]))).toEqual([
      21.5, 32.5, 43.5, 130, 152, 174,
    ]);
    await problem('op', () => call('convolution', [x, weight, null, [1], [0], [1], true, [0], 1]));
  });

  test('stand in two dimensions', () => {
    const { floats, call, numbers } = started();
    const x = floats([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(numbers(call('diagonal', [x]))).toEqual([1, 5]);
    expect(numbers(call('diagonal', [x, 1]))).toEqual([2, 6]);
    expect(numbers(call('diagonal', [x, -1]))).toEqual([4]);
    expect(numbers(call('trace', [x]))).toEqual([6]);
    expect(numbers(call('diag_embed', [floats([2], [3, 4])]))).toEqual([3, 0, 0, 4]);
    expect(numbers(call('fill_diagonal_', [call('mul', [x, 1]), f(0)]))).toEqual([0, 2, 3, 4, 0, 6]);
  });

  test.each<[string, number[]]>([
    ['reflect', [2, 1, 2, 3, 2]],
    ['replicate', [1, 1, 2, 3, 3]],
    ['circular', [3, 1, 2, 3, 1]],
  ])('are filled up by %s', (mode, want) => {
    const { floats, call, numbers } = started();
    expect(numbers(call('pad', [floats([1, 1, 3], [1, 2, 3]), [1, 1], mode]))).toEqual(want);
  });
});
