import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, similarity, Tensor, tensor } from '../../src/index.ts';
import { floats, problem } from '../support/tiny.ts';

const rows = (x: number | Tensor): number[][] => (x as Tensor).tolist();

describe('similarity', () => {
  test.each<[string, Parameters<typeof similarity>, number]>([
    [
      'of numbers',
      [
        [1, 0],
        [1, 1],
      ],
      Math.SQRT1_2,
    ],
    ['of typed arrays', [Float32Array.of(3, 4), Float64Array.of(4, 3)], 0.96],
    ['of tensors', [tensor([1, 2]), tensor([-2, -4])], -1],
    ['of a clone', [structuredClone(tensor([1.5, 0])) as never, [2, 0]], 1],
    [
      'of zeros',
      [
        [0, 0],
        [1, 2],
      ],
      0,
    ],
    [
      'of large numbers',
      [
        [1e300, 1e300],
        [1e300, 0],
      ],
      Math.SQRT1_2,
    ],
    [
      'of small numbers',
      [
        [1e-300, 1e-300],
        [1e-300, 0],
      ],
      Math.SQRT1_2,
    ],
    ['of halves', [tensor([1.5, 1.5], { dtype: 'half' }), [1, 0]], Math.SQRT1_2],
  ])('%s', (_, [a, b], want) => expect(similarity(a, b)).toBeCloseTo(want, 14));

  test('of matrices has a row for each of the first and a column for each of the second', () => {
    const got = similarity(
      [
        [1, 0],
        [0, 2],
        [0, 0],
      ],
      tensor([
        [1, 1],
        [0, -3],
      ]),
    ) as Tensor;
    expect([got.dtype, got.shape]).toEqual(['float32', [3, 2]]);
    expect(got.tolist()).toEqual([
      [Math.fround(Math.SQRT1_2), 0],
      [Math.fround(Math.SQRT1_2), -1],
      [0, 0],
    ]);
    expect((similarity([1, 2], [[1, 2]]) as Tensor).shape).toEqual([1, 1]);
    expect((similarity([Float32Array.of(1, 2), Float32Array.of(2, 1)], [1, 2]) as Tensor).shape).toEqual([2, 1]);
    expect((similarity(new Tensor('float32', [0, 2], []), [[1, 2]]) as Tensor).shape).toEqual([0, 1]);
  });

  test('is symmetric, at most 1, and 1 of a vector with itself', () => {
    const vector = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const one = similarity(a, b);
        expect(Math.abs(one)).toBeLessThanOrEqual(1);
        expect(similarity(b, a)).toBe(one);
        if (a.some((value) => value !== 0)) expect(similarity(a, a)).toBeCloseTo(1, 14);
      }),
    );
  });

  test('is what normalize and matmul make of it', () => {
    const [a, b] = [floats([3, 8]), floats([4, 8], 7)];
    const want = F.linear(F.normalize(a), F.normalize(b)).tolist() as number[][];
    for (const [i, row] of rows(similarity(a, b)).entries())
      for (const [j, value] of row.entries()) expect(value).toBeCloseTo(want[i][j], 6);
  });

  test.each<[string, 'shape' | 'value', Parameters<typeof similarity>, RegExp]>([
    [
      'unequal widths',
      'shape',
      [
        [1, 2],
        [1, 2, 3],
      ],
      /vectors of one width, got 2 and 3/,
    ],
    ['rows of unequal widths', 'shape', [[[1, 2], [1]] as never, [1, 2]], /depth 1/],
    ['three dimensions', 'shape', [floats([1, 1, 2]), [1, 2]], /got \[1,1,2\]/],
    ['nothing', 'shape', [[], []], /d not 0/],
    ['NaN', 'value', [[Number.NaN], [1]], /similarity: first: expected finite numbers, got NaN/],
    ['text', 'value', ['a' as never, [1]], /expected a vector or a list of vectors, got "a"/],
    ['numbers', 'value', [1 as never, 1 as never], /got 1/],
  ])('refuses %s', async (_, code, [a, b], message) => {
    expect((await problem(code, () => similarity(a, b))).message).toMatch(message);
  });
});

test.each([
  ['numpy', /tensor\.numpy of PyTorch.*Use data, a typed array, or tolist\(\)$/],
  ['half', /Use to\(dtype\)$/],
  ['normalize', /Use the function of F$/],
  ['sort', /Compute it from data/],
  ['detach', /Leave it out/],
] as const)('%s says what is here in its place', async (name, message) => {
  const use = () => (tensor([1.5]) as unknown as Record<string, () => unknown>)[name]();
  expect((await problem('value', use)).message).toMatch(message);
});
