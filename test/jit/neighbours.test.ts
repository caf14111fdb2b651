import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, jit, nn, type Tensor, tensor, withKernels } from '../../src/index.ts';
import { VARIANTS } from '../support/fixtures.ts';
import { altered, set, takeApart } from '../support/malformed_trace.ts';
import { Computed, expectSameBits, fileOf, problem } from '../support/tiny.ts';

const words = new nn.Embedding(50, 3, { seed: 1 });

/** Makes zeros of one sign. */
const nothing = tensor([0, 0, 0], { dtype: 'float32' });

/** Rows of the neighbours of each id, zeros where there is none. */
const neighboursOf = (ids: number[][], side: number): number[][][] =>
  ids.map((row) =>
    row.map((_, i) => (i + side in row ? [...words.weight.data.slice(3 * row[i + side], 3 * row[i + side] + 3)] : [0, 0, 0])),
  );

const grids = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 10 })).chain(([batch, sequence]) => {
  const grid = (most: number) =>
    fc.array(fc.array(fc.integer({ min: 0, max: most }), { minLength: sequence, maxLength: sequence }), {
      minLength: batch,
      maxLength: batch,
    });
  return fc.tuple(grid(49), grid(1));
});

const model = new Computed((input_ids, attention_mask) => {
  const x = F.cat([F.neighbours(input_ids, words.weight, 1), F.neighbours(input_ids, words.weight, -1)], 2);
  return [x, F.mean_pool(F.attention(x, x, x, { mask: attention_mask, heads: 2 }), attention_mask)];
});
const given = (ids: number[][], mask: number[][]) => ({ input_ids: tensor(ids), attention_mask: tensor(mask) });
const trace = (options: object = {}) =>
  jit.trace(model, given([[5, 49, 6, 1]], [[1, 1, 1, 0]]), { dynamic: { batch: [1, 4], sequence: [1, 10] }, ...options });

describe('rows of neighbours', () => {
  test('are those of the ids beside, in the same text', () => {
    fc.assert(
      fc.property(grids, ([ids]) => {
        for (const side of [-1, 1] as const)
          expect(F.add(F.neighbours(tensor(ids), words.weight, side), nothing).tolist()).toEqual(neighboursOf(ids, side));
      }),
    );
  });

  test('are the same in a trace of any size, which has the bits of the model', async () => {
    for (const kernels of VARIANTS) {
      const traced = await trace({ exact_padding: true, kernels });
      const loaded = await jit.load(await fileOf(traced), { kernels });
      fc.assert(
        fc.property(grids, ([ids, mask]) => {
          const { input_ids, attention_mask } = given(ids, mask);
          const want = withKernels(kernels, () => model(input_ids, attention_mask));
          for (const one of [traced, loaded]) expectSameBits(one(given(ids, mask)), want);
        }),
        { numRuns: 30 },
      );
    }
  });

  test('are those of tokens that the mask rules out as well, though these have no rows', async () => {
    const [packed, whole] = [await trace({ kernels: 'baseline' }), await trace({ exact_padding: true, kernels: 'baseline' })];
    expect(packed.graph).toMatch(/before\(%input_ids\)/);
    expect(packed.graph).not.toMatch(/i32\[batch, sequence\] = /);
    fc.assert(
      fc.property(grids, ([ids, mask]) => {
        const [[got], [want]] = [packed, whole].map((traced) => traced(given(ids, mask)) as unknown as Tensor[]);
        const real = mask.flat();
        expect([...got.data]).toEqual(Array.from(want.data as Float32Array, (value, i) => (real[Math.floor(i / 6)] ? value : 0)));
      }),
      { numRuns: 60 },
    );
  });

  test('of ids beyond the table are refused, also where nothing else looks them up', async () => {
    const traced = await trace();
    await problem('value', () => traced(given([[5, 50]], [[1, 1]])));
    await problem('value', () => F.neighbours(tensor([[5, 50]]), words.weight, 1));
    await problem('value', () => F.neighbours(tensor([[5]]), words.weight, 2 as never));
  });

  test('ask for what they take, in files as well', async () => {
    const file = await fileOf(await trace());
    const { hostValues } = takeApart(file).program;
    const at = (rule: string) => hostValues.findIndex((one: { rule: string }) => one.rule === rule);
    await problem('format', () => jit.load(altered(file, set(`hostValues.${at('before')}.input`, undefined))));
    await problem('format', () => jit.load(altered(file, set(`hostValues.${at('led')}.fill`, 1))));
    const swapped = altered(file, set(`hostValues.${at('led')}.rule`, 'places'));
    const { message } = await problem('format', () => jit.load(swapped));
    expect(message).toMatch(/^trace: host value places: expected 4 elements below 2/);
  });
});
