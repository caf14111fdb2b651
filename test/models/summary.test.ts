import { describe, expect, test } from 'vitest';
import { F, jit, nn, Tensor, tensor } from '../../src/index.ts';
import { SequenceSummary, type SummaryConfig, type SummaryType } from '../../src/models/summary.ts';
import { Computed, expectSameBits, fileOf, floats, problem } from '../support/tiny.ts';

const config = (options: Partial<SummaryConfig> = {}): SummaryConfig => ({
  hidden_size: 4,
  num_labels: 3,
  summary_type: 'first',
  summary_use_proj: false,
  summary_activation: null,
  ...options,
});
const x = floats([2, 3, 4]);
const row = (b: number, i: number) => Array.from({ length: 4 }, (_, c) => (x.data as Float32Array)[(3 * b + i) * 4 + c]);
const mean = (b: number) => row(b, 0).map((value, c) => Math.fround((value + row(b, 1)[c] + row(b, 2)[c]) / 3));

describe('the vector of a text is', () => {
  test.each<[SummaryType, number[][], number[]?]>([
    ['first', [row(0, 0), row(1, 0)]],
    ['last', [row(0, 2), row(1, 2)]],
    ['mean', [mean(0), mean(1)]],
    ['cls_index', [row(0, 2), row(1, 2)]],
    ['cls_index', [row(0, 1), row(1, 0)], [1, 0]],
  ])('%s', (summary_type, want, at) => {
    const got = new SequenceSummary(config({ summary_type }))(x, at && tensor(at));
    for (const [b, values] of want.entries()) for (const [c, value] of values.entries()) expect(got.tolist()[b][c]).toBeCloseTo(value, 6);
  });

  test('projected, to labels or to hidden states, and activated', () => {
    const labels = new SequenceSummary(config({ summary_use_proj: true, summary_proj_to_labels: true, summary_activation: 'tanh' }));
    expect(labels(x).shape).toEqual([2, 3]);
    expectSameBits([labels(x)], [F.tanh((labels.summary as nn.Linear)(F.select(x, 1, 0)))]);
    expect(new SequenceSummary(config({ summary_use_proj: true }))(x).shape).toEqual([2, 4]);
  });

  test('one for each of several texts a row', () => {
    const summary = new SequenceSummary(config({ summary_type: 'cls_index', summary_use_proj: true }));
    const [both, at] = [x.reshape([1, 2, 3, 4]), tensor([2, 1])];
    expectSameBits([summary(both, at.reshape([1, 2])).reshape([2, 4])], [summary(x, at)]);
    expect(summary(both).shape).toEqual([1, 2, 4]);
  });
});

describe('places that an input says', () => {
  const places = new Computed((ids, at) => F.last_pool(words(ids), F.leading(ids, at, 1)));
  const words = new nn.Embedding(9, 2);
  const ids = tensor([[1, 2, 3], [4, 5, 6]]); // biome-ignore format: one row
  const dynamic = { dynamic: { batch: [1, 4], sequence: [1, 8] }, dynamic_axes: { input_0: { 0: 'batch', 1: 'sequence' }, input_1: { 0: 'batch' } } } as const; // biome-ignore format: one row

  test('are taken in traces of any size', async () => {
    const traced = await jit.trace(places, [ids, tensor([2, 0])], dynamic);
    for (const module of [traced, await jit.load(await fileOf(traced))]) {
      expectSameBits(module(ids, tensor([0, 1])), words(tensor([1, 5])));
      expectSameBits(module(tensor([[7, 8]]), tensor([1])), words(tensor([8])));
    }
  });

  test('have to be within the text', async () => {
    const traced = await jit.trace(places, [ids, tensor([2, 0])], dynamic);
    for (const module of [places, traced])
      expect((await problem('value', () => module(ids, tensor([1, 3])))).message).toMatch(
        /\[1\]: expected a whole number from 0 to 2, got 3/,
      );
    await problem('shape', () => F.leading(ids, tensor([1])));
  });
});

test('tokens are counted by what is not padding, and are the first ones', async () => {
  const counting = new Computed((ids) => F.embedding(F.counted(ids, 1), tensor([[0], [1]], { dtype: 'float32' })));
  const ids = tensor([[5, 1, 6, 1], [1, 1, 1, 1], [1, 2, 3, 4]]); // biome-ignore format: one row
  const want = [[[1], [1], [0], [0]], [[0], [0], [0], [0]], [[1], [1], [1], [0]]]; // biome-ignore format: one row
  expect(F.counted(ids, 1)).toBeInstanceOf(Tensor);
  expect(counting(ids)).toHaveProperty('shape', [3, 4, 1]);
  const traced = await jit.trace(counting, [ids], { dynamic: { batch: [1, 4], sequence: [1, 9] } });
  for (const module of [counting, traced]) {
    expect((module(ids) as Tensor).tolist()).toEqual(want);
    expect((module(tensor([[1, 9]])) as Tensor).tolist()).toEqual([[[1], [0]]]);
  }
});
