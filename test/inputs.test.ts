import { describe, expect, test } from 'vitest';
import { F, jit, ones, type Tensor, tensor } from '../src/index.ts';
import { Block, Computed, expectSameBits, floats, problem, tinyBert } from './tiny.ts';

const model = tinyBert();
const input_ids = tensor([
  [1, 2, 3, 4],
  [5, 6, 7, 8],
]);
const attention_mask = tensor([
  [1, 1, 1, 0],
  [1, 1, 1, 1],
]);
const all = { input_ids, attention_mask };

test('eager: sequences up to max_position_embeddings', async () => {
  model(ones([1, 12], { dtype: 'int32' }));
  const error = await problem('value', () => model(ones([1, 13], { dtype: 'int32' })));
  expect(error.message).toMatch(/at most max_position_embeddings = 12 tokens, got 13.*truncation/);
  await problem('value', () => jit.trace(model, [ones([1, 13], { dtype: 'int32' })]));
});

describe('inputs that were left out while tracing', () => {
  test('are unknown to the trace', async () => {
    const alone = await jit.trace(model, [input_ids]);
    const error = await problem('value', () => alone(input_ids, attention_mask));
    expect(error.message).toMatch(/at most 1 inputs \(input_ids\), got 2/);
    expect((await problem('value', () => alone({ input_ids, attention_mask }))).message).toMatch(
      /"attention_mask": expected one of input_ids/,
    );
  });

  test('keep the place of those that follow', async () => {
    const masked = await jit.trace(model, [input_ids, undefined as unknown as Tensor, attention_mask], {
      fusion: false,
      exact_padding: true,
    });
    expect(masked.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask']);
    expectSameBits(masked({ input_ids, attention_mask }), model(input_ids, null, attention_mask));
  });
});

describe('an attention_mask of floats', () => {
  const floatMask = tensor(attention_mask.tolist(), { dtype: 'float32' });

  test('is whole numbers to a model and its trace', async () => {
    const traced = await jit.trace(model, { input_ids, attention_mask: floatMask });
    expect(traced.inputs.map(({ dtype }) => dtype)).toEqual(['int32', 'int32']);
    expectSameBits(traced({ input_ids, attention_mask: floatMask }), traced(all));
    expectSameBits(traced(traced.pad({ input_ids, attention_mask: floatMask })), traced(all));
    const halves = tensor([[0.5, 1, 1, 1]]);
    expect((await problem('value', () => jit.trace(model, { input_ids, attention_mask: halves }))).message).toMatch(
      /dummy input "attention_mask"\[0\]: expected 0 or 1, got 0\.5/,
    );
    await problem('dtype', () => jit.trace(model, [tensor([[1.5]])]));
  });

  test('stays floats to a module that takes it so', async () => {
    const sum = new Computed((a, b) => F.add(a, b));
    const traced = await jit.trace(sum, { x: floats([2]), attention_mask: floats([2], 2) });
    expectSameBits(traced(floats([2]), floats([2], 2)), sum(floats([2]), floats([2], 2)));
  });
});

test.each([[[1, 4]], [[4]]])('positions %j serve every row, eager and traced', async (shape) => {
  const row = tensor([3, 1, 2, 0]);
  const every = { ...all, position_ids: tensor([row.tolist(), row.tolist()]) };
  const want = model(every);
  const one = { ...all, position_ids: row.reshape(shape) };
  expectSameBits(model(one), want);
  for (const fusion of [true, false]) {
    const made = await jit.trace(model, one, { fusion, kernels: 'baseline' });
    const full = await jit.trace(model, every, { fusion, kernels: 'baseline' });
    expectSameBits(made(one), full(every));
  }
});

describe('a trace of floats', () => {
  test('wants float32', async () => {
    const block = await jit.trace(new Block(), [floats([2, 6])]);
    expectSameBits(block(ones([2, 6], { dtype: 'int32' })), block(ones([2, 6])));
    await problem('dtype', () => block(ones([2, 6], { dtype: 'float64' })));
    await problem('dtype', () => jit.trace(new Block(), [ones([2, 6], { dtype: 'float64' })]));
  });

  test('names its inputs as the caller did', async () => {
    const sum = new Computed((a, b) => F.add(a, b));
    const [a, b] = [floats([2]), floats([2], 2)];
    const named = await jit.trace(sum, { left: a, right: b });
    expectSameBits(named({ right: b, left: a }), sum(a, b));
    expect((await jit.trace(sum, [a, b])).inputs.map(({ name }) => name)).toEqual(['input_0', 'input_1']);
    expectSameBits((await jit.trace(new Computed((t) => F.relu(t)), a))(a), F.relu(a));
  });
});
