import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, jit, nn, type Tensor, tensor, withKernels } from '../../src/index.ts';
import { VARIANTS } from '../support/fixtures.ts';
import { altered, set, takeApart } from '../support/malformed_trace.ts';
import { Computed, expectSameBits, fileOf, problem } from '../support/tiny.ts';

const PAD = 1;
const [words, places, norm] = [new nn.Embedding(50, 4), new nn.Embedding(12, 4), new nn.LayerNorm(4)];

/** As `create_position_ids_from_input_ids` of transformers says it. */
const ranksOf = (ids: number[][], padding: number): number[][] =>
  ids.map((row) =>
    row.map((id, i) => (id === padding ? padding : padding + row.slice(0, i + 1).filter((other) => other !== padding).length)),
  );

const rows = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 10 }))
  .chain(([batch, sequence]) =>
    fc.array(fc.array(fc.constantFrom(PAD, 5, 49), { minLength: sequence, maxLength: sequence }), { minLength: batch, maxLength: batch }),
  );
/** Zeros also where an id is none of padding, and ones where it is. */
const withMask = rows.chain((ids) =>
  fc.tuple(
    fc.constant(ids),
    fc.array(fc.array(fc.constantFrom(0, 1, 1), { minLength: ids[0].length, maxLength: ids[0].length }), {
      minLength: ids.length,
      maxLength: ids.length,
    }),
  ),
);

const model = new Computed((input_ids, attention_mask) => {
  const x = norm(F.add(words(input_ids), places(F.positions(input_ids, PAD))));
  return [x, F.mean_pool(F.attention(x, x, x, { mask: attention_mask, heads: 2 }), attention_mask)];
});
const given = (ids: number[][], mask: number[][]) => ({ input_ids: tensor(ids), attention_mask: tensor(mask) });
const trace = (options: object = {}) =>
  jit.trace(model, given([[5, 49, 6, PAD]], [[1, 1, 1, 0]]), { dynamic: { batch: [1, 4], sequence: [1, 10] }, ...options });

describe('positions of tokens that are not padding', () => {
  test('count on from padding', () => {
    fc.assert(
      fc.property(rows, (ids) => {
        expect(F.positions(tensor(ids), PAD).tolist()).toEqual(ranksOf(ids, PAD));
      }),
    );
    expect(F.positions(tensor([[0, 3, 0, 4]], { dtype: 'int64' }), 0).tolist()).toEqual([[0, 1, 0, 2]]);
    expect(F.positions(tensor([[PAD, 7]]), null).tolist()).toEqual([[0, 1]]);
  });

  test('are the same in a trace of any size, which has the bits of the model', async () => {
    for (const kernels of VARIANTS) {
      const traced = await trace({ exact_padding: true, kernels });
      const loaded = await jit.load(await fileOf(traced), { kernels });
      fc.assert(
        fc.property(withMask, ([ids, mask]) => {
          const want = withKernels(kernels, () => model(given(ids, mask).input_ids, given(ids, mask).attention_mask));
          expectSameBits(traced(given(ids, mask)), want);
          expectSameBits(loaded(given(ids, mask)), want);
        }),
        { numRuns: 30 },
      );
    }
  });

  test('count tokens that the mask rules out, though these have no rows', async () => {
    const [packed, whole] = [await trace({ kernels: 'baseline' }), await trace({ exact_padding: true, kernels: 'baseline' })];
    expect(packed.graph).toMatch(/ranks\(%input_ids, 1\)/);
    fc.assert(
      fc.property(withMask, ([ids, mask]) => {
        const [[got], [want]] = [packed, whole].map((traced) => traced(given(ids, mask)) as unknown as Tensor[]);
        const real = mask.flat();
        expect([...got.data]).toEqual(Array.from(want.data as Float32Array, (value, i) => (real[Math.floor(i / 4)] ? value : 0)));
      }),
      { numRuns: 60 },
    );
  });

  test('follow from ids under another shape', async () => {
    const choices = new Computed((ids) => places(F.positions(ids.reshape([ids.shape[0] * ids.shape[1], ids.shape[2]]), PAD)));
    const ids = tensor([[[5, PAD, 6], [PAD, PAD, 7]]]); // biome-ignore format: one row
    const traced = await jit.trace(choices, [ids], {
      dynamic: { batch: [1, 3], choices: [1, 3] },
      dynamic_axes: { input_0: { 0: 'batch', 1: 'choices' } },
    });
    const other = tensor([[[9, 8, 7]], [[PAD, 8, PAD]]]); // biome-ignore format: one row
    expectSameBits(traced(other), choices(other));
  });

  test('of ids that a module holds are constants', async () => {
    const ids = tensor([[PAD, 5, 6]]);
    const traced = await jit.trace(new Computed((x) => F.add(x, places(F.positions(ids, PAD)))), [places(tensor([[1, 2, 3]]))]);
    expectSameBits(traced(places(tensor([[4, 5, 6]]))), F.add(places(tensor([[4, 5, 6]])), places(tensor([[1, 2, 3]]))));
  });

  test('of ids that an op makes are refused', async () => {
    const made = new Computed((x) => places(F.positions(F.argmax(x).reshape([1, -1]), PAD)));
    const { message } = await problem('tracing', () => jit.trace(made, [places(tensor([[1, 2, 3]]))]));
    expect(message).toMatch(
      /^F\.positions, F\.neighbours or F\.ends of ids in the model: expected an input of the trace, or another shape of it, got what an op makes/,
    );
  });

  test('are refused at sizes beyond their table, whatever the ids are', async () => {
    const file = await fileOf(await trace());
    const { hostValues } = takeApart(file).program;
    const at = hostValues.findIndex(({ rule }: { rule: string }) => rule === 'ranks');
    const loaded = await jit.load(altered(file, set(`hostValues.${at}.fill`, 4)));
    loaded(given([[5, 6, 7, 8]], [[1, 1, 1, 1]]));
    const long = given([Array(8).fill(5)], [Array(8).fill(1)]);
    expect((await problem('format', () => loaded(long))).message).toMatch(/^trace: host value ranks: expected 8 elements below 12/);
    for (const name of ['fill', 'input'])
      await problem('format', () => jit.load(altered(file, set(`hostValues.${at}.${name}`, undefined))));
  });
});
