import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planBatches, shareOf } from '../../src/text/batches.ts';
import { batchInputs } from '../../src/text/inputs.ts';
import { normalized, pool } from '../../src/text/mean.ts';
import { tokenizer } from '../support/texts.ts';

describe('planBatches', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 });
  const capacities = fc.record({
    batch: fc.tuple(fc.constant(1), fc.integer({ min: 1, max: 9 })),
    batchTokens: fc.integer({ min: 1, max: 200 }),
  });

  test('has every index once, in batches that fit, the longest first', () => {
    fc.assert(
      fc.property(lengths, capacities, (given, capacity) => {
        const batches = planBatches(given, capacity);
        expect(batches.flat().sort((a, b) => a - b)).toEqual([...given.keys()]);
        const sorted = batches.flat().map((index) => given[index]);
        expect(sorted).toEqual([...given].sort((a, b) => b - a));
        for (const batch of batches) {
          const tokens = batch.reduce((sum, index) => sum + given[index], 0);
          expect(batch.length === 1 || tokens <= capacity.batchTokens).toBe(true);
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(capacity.batch[1]);
        }
      }),
    );
  });

  test('leaves no room that the next row would fit in', () => {
    fc.assert(
      fc.property(lengths, capacities, (given, capacity) => {
        const batches = planBatches(given, capacity);
        for (const [i, batch] of batches.slice(0, -1).entries()) {
          const tokens = batch.reduce((sum, index) => sum + given[index], 0);
          const next = given[batches[i + 1][0]];
          expect(batch.length === capacity.batch[1] || tokens + next > capacity.batchTokens).toBe(true);
        }
      }),
    );
  });

  test('keeps the order of rows of one length', () => {
    expect(planBatches([3, 5, 3, 5, 9, 3], { batch: [1, 2], batchTokens: 10 })).toEqual([[4], [1, 3], [0, 2], [5]]);
  });
});

describe('shareOf', () => {
  const capacity = { batch: [1, 8], sequence: [1, 16], batchTokens: 1000 } as const;
  test.each<[string, object, number, number]>([
    ['one run takes all that it can', capacity, 1, 1000],
    ['several have two calls each', capacity, 2, 100],
    ['a rest makes the calls longer, not more', capacity, 3, 67],
    ['calls are no shorter than some tokens', capacity, 8, 64],
    ['nor longer than they may be', { ...capacity, batchTokens: 50 }, 2, 50],
    ['a call that is filled up stays as it is', { ...capacity, batch: [2, 8] }, 4, 1000],
  ])('%s', (_, given, concurrency, batchTokens) => {
    expect(shareOf(given as typeof capacity, Array(40).fill(10), concurrency)).toEqual({ ...given, batchTokens });
  });
});

describe('pool', () => {
  const pooled = (vectors: number[][], weights: number[]): number[] =>
    [
      ...pool(
        vectors.map((vector) => Float32Array.from(vector)),
        weights,
      ),
    ].map((value) => Number(value.toFixed(6)));

  test.each<[string, number[][], number[], number[]]>([
    ['one vector as it is', [[3, 4]], [7], [3, 4]],
    ['vectors by their weights', [[2, 0], [0, 4]], [3, 1], [1.5, 1]],
    ['of length 1 to length 1', [[1, 0], [0, 1]], [3, 4], [0.6, 0.8]],
    ['of nearly length 1 to length 1', [[1.0005, 0], [0, 0.9995]], [1, 1], [0.70746, 0.706753]],
    ['one longer and one shorter to their mean', [[1.01, 0], [0, 1]], [1, 1], [0.505, 0.5]],
    ['opposite ones to zeros', [[1, 0], [-1, 0]], [1, 1], [0, 0]],
  ])('%s', (_, vectors, weights, want) => expect(pooled(vectors, weights)).toEqual(want)); // biome-ignore format: a row each

  test('a vector of zeros has no length to be scaled to', () => {
    expect([...normalized(Float32Array.of(0, 0))]).toEqual([0, 0]);
    expect([...normalized(Float32Array.of(0, -2))]).toEqual([0, -1]);
  });
});

describe('batchInputs', () => {
  const rows = [
    [2, 5, 6, 3],
    [2, 3],
  ].map((ids) => ({ ids: Int32Array.from(ids), unpooled: 0, own: ids.length - 2 }));
  const names = ['input_ids', 'token_type_ids', 'attention_mask'];
  const signatures = names.map((name) => ({ name, dtype: 'int32' as const, shape: [4, 6] }));
  const shaped = (batch: [number, number], sequence: [number, number]) =>
    batchInputs(rows, { batch, sequence, batchTokens: 100 }, signatures, tokenizer, 'texts');

  test('have the size of the batch within the bounds of the trace', () => {
    const { input_ids, token_type_ids, attention_mask } = shaped([1, 8], [1, 16]);
    expect(input_ids.tolist()).toEqual([
      [2, 5, 6, 3],
      [2, 3, 0, 0],
    ]);
    expect(attention_mask.tolist()).toEqual([
      [1, 1, 1, 1],
      [1, 1, 0, 0],
    ]);
    expect(token_type_ids.shape).toEqual([2, 4]);
    expect(shaped([3, 8], [6, 16]).input_ids.shape).toEqual([3, 6]);
    expect(shaped([4, 4], [6, 6]).attention_mask.tolist().at(-1)).toEqual(Array(6).fill(0));
  });

  test('are those that the trace takes', () => {
    const bounds = { batch: [1, 8], sequence: [1, 16], batchTokens: 100 } as const;
    const given = batchInputs(rows, bounds, [signatures[2], signatures[0]], tokenizer, 'texts');
    expect(Object.keys(given)).toEqual(['attention_mask', 'input_ids']);
    expect(() => batchInputs(rows, bounds, [signatures[0]], tokenizer, 'texts')).toThrow(/made with an attention_mask/);
    expect(batchInputs(rows.slice(0, 1), bounds, [signatures[0]], tokenizer, 'texts').input_ids.shape).toEqual([1, 4]);
  });
});
