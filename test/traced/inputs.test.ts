import { describe, expect, test } from 'vitest';
import { F, jit, nn, ones, type Tensor, tensor } from '../../src/index.ts';
import { Block, Computed, expectSameBits, floats, problem, tinyBert } from '../support/tiny.ts';

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

describe('elements out of range', () => {
  test.each([2, -1])('of a mask are refused, packed or not: %i', async (value) => {
    const odd = { input_ids, attention_mask: tensor([[1, 1, value, 0], [1, 1, 1, 1]]) }; // biome-ignore format: one row
    const dynamic = { batch: [1, 4], sequence: [1, 12] } as const;
    for (const options of [{}, { exact_padding: true }, { dynamic }]) {
      const traced = await jit.trace(model, all, options);
      const { message } = await problem('value', () => traced(odd));
      expect(message).toMatch(/input "attention_mask"\[2\]: expected a whole number from 0 to 1, got -?\d/);
      expectSameBits(traced(all), (await jit.trace(model, all, options))(all));
    }
  });

  test('of ids that two tables read are those of the smaller', async () => {
    const [large, small] = [floats([9, 4]), floats([5, 4], 2)];
    for (const tables of [
      [large, small],
      [small, large],
    ]) {
      const traced = await jit.trace((ids: Tensor) => F.add(F.embedding(ids, tables[0]), F.embedding(ids, tables[1])), [tensor([1, 2])]);
      traced(tensor([4, 0]));
      expect((await problem('value', () => traced(tensor([0, 5])))).message).toMatch(/\[1\]: expected a whole number from 0 to 4, got 5/);
    }
  });

  test.each([2n ** 31n, 2n ** 32n, -(2n ** 31n), 2n ** 62n])('of int64 beyond int32 are named as they are: %i', async (value) => {
    const traced = await jit.trace((ids: Tensor) => F.embedding(ids, floats([5, 2])), [tensor([1, 2])]);
    const { message } = await problem('value', () => traced(tensor([0n, value])));
    expect(message).toMatch(new RegExp(`\\[1\\]: expected a whole number below 2³¹, got ${value}`));
  });

  test.each([2n ** 31n - 1n, 1n - 2n ** 31n])('of int64 that int32 just holds are ids beyond the table: %i', async (value) => {
    const traced = await jit.trace((ids: Tensor) => F.embedding(ids, floats([5, 2])), [tensor([1, 2])]);
    const { message } = await problem('value', () => traced(tensor([0n, value])));
    expect(message).toMatch(new RegExp(`\\[1\\]: expected a whole number from 0 to 4, got ${value}`));
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

describe('whole numbers where floats are meant', () => {
  const ints = tensor([
    [1, -2],
    [0, 3],
  ]);
  const floating = ints.to('float32');

  test.each<[string, (x: Tensor) => Tensor]>([
    ['relu', (x) => F.relu(x)],
    ['a view of them', (x) => F.relu(x.reshape(4).view(2, 2))],
    ['a row of them', (x) => F.add(x, F.select(x, 0, 1))],
    ['a layer', (x) => dense(x)],
    ['constants', (x) => F.add(F.mul(x, ints), tensor([1, 2]))],
  ])('are floats: %s', async (_, body) => {
    expectSameBits(body(ints), body(floating));
    const traced = await jit.trace(body, [ints], { kernels: 'baseline' });
    expect(traced.inputs).toEqual([{ name: 'input_0', dtype: 'float32', shape: [2, 2] }]);
    const same = await jit.trace(body, [floating], { kernels: 'baseline' });
    const others = tensor([
      [0.5, -1],
      [2, 1],
    ]);
    for (const x of [ints, floating, others, ints.to('int64'), ints.to('int8')]) expectSameBits(traced(x), same(x.to('float32')));
    expect(Buffer.concat([...(await jit.serialize(traced))]).equals(Buffer.concat([...(await jit.serialize(same))]))).toBe(true);
  });

  const dense = new nn.Linear(2, 2, { seed: 1 });

  test('and ids where ids are meant, whatever holds them', async () => {
    const table = floats([5, 2]);
    const want = F.embedding(tensor([[4, 0]]), table);
    for (const dtype of ['int64', 'uint8', 'int8', 'int32'] as const) expectSameBits(F.embedding(tensor([[4, 0]], { dtype }), table), want);
    expectSameBits(F.embedding([Uint8Array.of(4, 0)], table), want);
    expectSameBits(F.embedding([[4, 0]], table), want);
    await problem('value', () => F.embedding(tensor([2n ** 40n]), table));
    await problem('value', () => F.embedding(tensor([5]), table));
    expect((await problem('dtype', () => F.embedding(tensor([0.5]), table))).message).toMatch(
      /got float32\. Convert it with to\('int32'\)/,
    );
  });

  test('with sizes that calls choose', async () => {
    const traced = await jit.trace((x: Tensor) => F.softmax(x), [ints], { dynamic: { batch: [1, 4], sequence: [1, 8] } });
    expectSameBits(traced(tensor([[1, 0.5, 2]])), F.softmax(tensor([[1, 0.5, 2]])));
  });

  test('are both where both are asked for, and never rounded', async () => {
    expect((await problem('value', () => F.relu(tensor([2 ** 24 + 1])))).message).toMatch(
      /up to 16777216 for float32, got 16777217\. Make it with/,
    );
    expectSameBits(F.relu(tensor([2 ** 24])), tensor([2 ** 24], { dtype: 'float32' }));
    const both = [
      (x: Tensor) => F.mul(F.relu(x), F.embedding(x, ones(9, 2)).T),
      (x: Tensor) => F.mul(F.embedding(x, ones(9, 2)), F.relu(x)),
    ];
    for (const body of both) {
      const traced = await jit.trace(body, [tensor([1, 2])]);
      expect(traced.inputs).toEqual([{ name: 'input_0', dtype: 'int32', shape: [2] }]);
      expectSameBits(traced(tensor([8, 3])), body(tensor([8, 3])));
    }
    expectSameBits((await jit.trace((x: Tensor) => F.relu(F.positions(x)), [ints]))(ints), F.relu(F.positions(ints)));
    expect((await problem('dtype', () => jit.trace((x: Tensor) => F.embedding(F.relu(x), ones(9, 2)), [ints]))).message).toMatch(
      /expected int32, got float32\. Convert it with to\('int32'\)/,
    );
    expect((await problem('dtype', () => F.relu(tensor([0.1], { dtype: 'double' })))).message).toMatch(
      /got float64\. Convert it with to\('float32'\)/,
    );
  });
});

describe('a function', () => {
  test('is traced as it is', async () => {
    const traced = await jit.trace((x: Tensor) => F.relu(x), [floats([3])]);
    expectSameBits(traced(floats([3], 4)), F.relu(floats([3], 4)));
    const model = new Block();
    const around = await jit.trace((x: Tensor) => ({ twice: F.scale(model(x), 2), x }), [floats([1, 6])]);
    expect(around.outputs.map(({ name }) => name)).toEqual(['twice', 'x']);
    const [twice] = around(floats([1, 6]));
    for (const [i, value] of model(floats([1, 6])).elements.entries()) expect(twice.data[i]).toBeCloseTo(2 * Number(value), 5);
  });

  test.each([undefined, null, {}, 'model', tensor([1])])('is what %s is not', async (value) => {
    const { message } = await problem('value', () => jit.trace(value as never, [tensor([1])]));
    expect(message).toMatch(/jit\.trace: model: expected a module, or a function of tensors.*model comes first/);
  });

  test('that answers no tensors is refused', async () => {
    await problem('tracing', () => jit.trace(async (x: Tensor) => F.relu(x), [tensor([1])]));
    await problem('tracing', () => jit.trace(() => 5, [tensor([1])]));
  });

  test('takes what was posted', async () => {
    const traced = await jit.trace((x: Tensor) => F.relu(x), [structuredClone(floats([3]))]);
    expectSameBits(traced(structuredClone(floats([3]))), F.relu(floats([3])));
    expectSameBits(traced([structuredClone(floats([3]))]), F.relu(floats([3])));
  });
});
