import { describe, expect, test } from 'vitest';
import { blocksOf, DERIVATIONS, transposedOf } from '../../src/tensor/derived.ts';
import { Parameter } from '../../src/tensor/parameter.ts';

const counted = (values: Float32Array) => values.set([...values.keys()]);
const made = () => new Parameter([4, 3, 1], counted);

describe('what is derived of a parameter', () => {
  test('is blocks of its rows, or its columns as rows', () => {
    const blocks = blocksOf(made(), 2);
    expect(blocks.map(({ shape }) => shape)).toEqual([[2, 3], [2, 3]]); // biome-ignore format: one row
    expect(blocks.map(({ elements }) => [...elements])).toEqual([[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]); // biome-ignore format: one row
    expect(blocksOf(new Parameter([4], (values) => values.fill(1)), 4).map(({ shape }) => shape)).toEqual([[1], [1], [1], [1]]);
    const turned = transposedOf(new Parameter([2, 3], (values) => values.set([1, 2, 3, 4, 5, 6])));
    expect([turned.shape, [...turned.elements]]).toEqual([[3, 2], [1, 4, 2, 5, 3, 6]]); // biome-ignore format: one row
  });

  test('is one for each', () => {
    const parameter = made();
    expect(blocksOf(parameter, 2)[1]).toBe(blocksOf(parameter, 2)[1]);
    expect(blocksOf(parameter, 4)[1].shape).toEqual([1, 3]);
    expect(blocksOf(made(), 2)[1]).not.toBe(blocksOf(parameter, 2)[1]);
  });

  test('follows it', () => {
    const parameter = new Parameter([2, 2], (values) => values.fill(1));
    const turned = transposedOf(parameter);
    parameter.initialise = (values) => values.set([1, 2, 3, 4]);
    expect([...turned.elements]).toEqual([1, 3, 2, 4]);
    parameter.set([5, 6, 7, 8]);
    expect([[...turned.elements], turned.version, turned.lent]).toEqual([[5, 7, 6, 8], 1, false]);
    parameter.data[1] = 9;
    expect([[...turned.elements], turned.lent]).toEqual([[5, 7, 9, 8], true]);
    parameter.store('bfloat16');
    expect(turned.storedAs).toBe('bfloat16');
  });

  test('says what it was derived of', () => {
    const parameter = new Parameter([4, 3], counted);
    for (const derived of [blocksOf(parameter, 2), [transposedOf(parameter)]]) {
      const { restore } = DERIVATIONS.find(({ suffixOf }) => suffixOf(0) === derived[0].suffix) as (typeof DERIVATIONS)[number];
      const values = new Float32Array(12);
      restore(values, derived.map(({ elements }) => elements), [4, 3]); // biome-ignore format: one row
      expect(values).toEqual(parameter.elements);
    }
  });
});
