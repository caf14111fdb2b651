import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, jit, nn, Tensor, type TracedModule, tensor, withKernels } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Computed, expectSameBits, fileOf, floats } from '../support/tiny.ts';

const HIDDEN = 8;
const [dense, other, up, down] = [
  new nn.Linear(HIDDEN, HIDDEN),
  new nn.Linear(HIDDEN, HIDDEN),
  new nn.Linear(HIDDEN, 3 * HIDDEN),
  new nn.Linear(2 * HIDDEN, HIDDEN),
];
const mixed = new nn.Linear(4, 4);
const [norm, words, places] = [new nn.LayerNorm(HIDDEN), new nn.Embedding(40, HIDDEN), new nn.Embedding(12, HIDDEN)];
const bias = floats([2, 7]);
const frequencies = tensor([1, 0.1]);

interface Given {
  ids: Tensor;
  mask: Tensor;
}

type Step = (x: Tensor, y: Tensor, given: Given) => Tensor;

/** Steps that compute some rows alone: each on its own, or as queries. */
const ROWS: Record<string, Step> = {
  linear: (x) => dense(x),
  activation: (x) => F.gelu(x),
  norm: (x) => norm(x),
  sum: (x, y) => F.add(x, y),
  'what all rows share': (x) => F.add(x, floats([HIDDEN])),
  'side by side': (x, y) => down(F.cat([x, y], 2)),
  'parts of rows': (x) => F.narrow(up(x), 2, 5, HIDDEN),
  'heads apart': (x) => F.softmax(x.reshape([x.shape[0], x.shape[1], 2, HIDDEN / 2])).reshape(x.shape),
  'in one line': (x) => F.relu(x.reshape([x.shape[0] * x.shape[1], HIDDEN])).reshape(x.shape),
  lookup: (x, _, { ids }) => F.add(x, places(F.positions(ids))),
  masked: (x, _, { mask }) => F.masked(x, mask),
  rotary: (x, _, { ids }) => F.apply_rotary(x, F.rotations(F.positions(ids), frequencies), { heads: 2 }),
  attention: (x, y, { mask }) => F.attention(x, dense(y), other(y), { mask, heads: 2 }),
  'attention to itself': (x, _, { mask }) => F.attention(dense(x), other(x), x, { mask, heads: 4, scale: 2 }),
  'packed attention': (x, _, { mask }) => {
    const all = up(x);
    const [q, k, v] = [0, 1, 2].map((i) => F.narrow(all, 2, i * HIDDEN, HIDDEN));
    return F.attention(q, k, v, { mask, heads: 2 });
  },
  window: (x, y, { mask }) => F.attention(x, y, x, { mask, heads: 2, window: 2 }),
  'causal attention': (x, y, { mask }) =>
    F.attention(x, F.narrow(y, 2, 0, 4), F.narrow(x, 2, 4, 4), { mask, heads: 2, key_heads: 1, is_causal: true, bias }),
};

/** Steps in which a query that the mask rules out may see no key. */
const BLIND = ['window', 'causal attention'];

/** Steps that read rows other than their own, and give their readers all. */
const ALL: Record<string, Step> = {
  'mean of all': (x, y, { mask }) =>
    F.add(
      x,
      F.narrow(F.cat(Array(3).fill(F.mean_pool(y, mask)), 1), 1, 3, HIDDEN)
        .slice([0, 1])
        .reshape([HIDDEN]),
    ),
  turned: (x) => F.transpose(F.silu(F.transpose(x, 1, 2)), 1, 2),
};

/** The first number of each token. */
const columnOf = (x: Tensor): Tensor => F.narrow(x, 2, 0, 1).reshape([x.shape[0], x.shape[1]]);

/** Steps over [batch, 4, hidden] whose rows are not those of tokens, however much their shapes are alike. */
const ALIKE: Record<string, (x: Tensor, ids: Tensor) => Tensor> = {
  'a row of numbers, one a token': (x) => F.softmax(columnOf(x)).reshape([x.shape[0], 4, 1]),
  'a product over tokens': (x) => F.relu(mixed(columnOf(x))).reshape([x.shape[0], 4, 1]),
  'numbers of one text, which all texts share': (x) => dense(F.add(dense(x), floats([4, HIDDEN]))),
  'ids of one token': (_, ids) => words(F.narrow(ids, 1, 0, 1)),
};

/** What takes one row of each sequence. */
const TAKEN: Record<string, (x: Tensor, given: Given) => Tensor> = {
  first: (x) => F.select(x, 1, 0),
  last: (x) => F.select(x, 1, -1),
  'first that is let through': (x, { mask }) => F.first_pool(x, mask),
  'last that is let through': (x, { mask }) => F.last_pool(x, mask),
  'last by its id': (x, { ids }) => F.last_pool(x, F.ends(ids, 5)),
};

const names = (table: object) => fc.constantFrom(...Object.keys(table));
const programs = fc.record({
  steps: fc.array(fc.record({ step: names({ ...ROWS, ...ALL }), x: fc.nat(3), y: fc.nat(3) }), { minLength: 1, maxLength: 7 }),
  taken: fc.array(names(TAKEN), { minLength: 1, maxLength: 2 }),
});
const masks = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 })).chain(([batch, sequence]) =>
  fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: sequence, maxLength: sequence }), {
    minLength: batch,
    maxLength: batch,
  }),
);

const inputsFor = (mask: number[][]): Record<string, Tensor> => {
  const [batch, sequence] = [mask.length, mask[0].length];
  return {
    input_ids: new Tensor(
      'int32',
      [batch, sequence],
      Int32Array.from({ length: batch * sequence }, (_, i) => (i * 11 + 5) % 40),
    ),
    attention_mask: tensor(mask, { dtype: 'int32' }),
  };
};

/** A model of these steps that answers with rows taken of the last, and with all of it if `whole`. */
function modelOf({ steps, taken }: { steps: { step: string; x: number; y: number }[]; taken: string[] }, whole: boolean) {
  const model = new Computed((ids, mask) => {
    const pool = [words(ids), dense(words(ids))];
    const pick = (i: number): Tensor => pool[pool.length - 1 - (i % pool.length)];
    for (const { step, x, y } of steps) pool.push({ ...ROWS, ...ALL }[step](pick(x), pick(y), { ids, mask }));
    const last = pool[pool.length - 1];
    return [...taken.map((name) => TAKEN[name](last, { ids, mask })), F.mean_pool(pool[0], mask), ...(whole ? pool : [])];
  });
  return Object.assign(model, { input_names: ['input_ids', 'attention_mask'] }) as never;
}

const chain = (...steps: string[]) => ({ steps: steps.map((step) => ({ step, x: 0, y: 0 })), taken: ['first'] });
const right = [
  [1, 1, 1, 0, 0],
  [1, 1, 1, 1, 1],
  [1, 0, 0, 0, 0],
];
const dynamic = { batch: [1, 4], sequence: [1, 12] } as const;

describe('rows that are wanted alone', () => {
  test('have the bits that they have among all', async () => {
    await fc.assert(
      fc.asyncProperty(programs, masks, fc.boolean(), async (program, mask, exact_padding) => {
        fc.pre(
          !program.taken.includes('last by its id') ||
            mask.flat().every(Boolean) ||
            !program.steps.some(({ step }) => BLIND.includes(step)),
        );
        const inputs = inputsFor(mask);
        const [alone, among] = (await Promise.all(
          [false, true].map((whole) => jit.trace(modelOf(program, whole), inputs, { exact_padding, kernels: 'baseline' })),
        )) as TracedModule<Tensor[]>[];
        const count = program.taken.length;
        expectSameBits([...alone(inputs)].slice(0, count), [...among(inputs)].slice(0, count));
        const { flops } = alone.plan();
        expect(flops).toBeLessThanOrEqual(among.plan().flops + 10_000);
      }),
      { numRuns: 250 },
    );
  });

  test.each(Object.keys(ROWS))('are all that is computed: %s', async (step) => {
    const model = modelOf(chain('attention', step, 'norm'), false);
    const traced = (await jit.trace(model, inputsFor(right), { dynamic, kernels: 'baseline', fusion: false })) as TracedModule<Tensor[]>;
    const last = traced.graph.slice(traced.graph.search(/attention_apart/));
    expect(last).not.toMatch(/f32\[tokens[^=]*= (?!(linear|add|narrow|columns|concat|softmax|gelu)\()(?!.*embedding|.*rotations)/);
    expect(traced.graph).toMatch(/f32\[batch, 8\] = layer_norm/);
    for (const mask of [
      right,
      [[1]],
      [[1, 1, 1, 1]],
      [
        [1, 0],
        [1, 1],
      ],
    ]) {
      const inputs = inputsFor(mask);
      expectSameBits(
        [traced(inputs)[0]],
        [withKernels('baseline', () => (model as (...given: Tensor[]) => Tensor[])(inputs.input_ids, inputs.attention_mask))[0]],
      );
    }
  });

  test.each(Object.keys(ALIKE))('are not %s', async (step) => {
    for (const batch of [1, 2, 4]) {
      const ids = new Tensor(
        'int32',
        [batch, 4],
        Int32Array.from({ length: 4 * batch }, (_, i) => (i * 11 + 5) % 40),
      );
      const body = (given: Tensor): Tensor => F.select(ALIKE[step](words(given), given), 1, 0);
      const want = withKernels('baseline', () => body(ids));
      for (const options of [{}, { dynamic: { batch: [1, 4] } }] as const) {
        const traced = (await jit.trace(body, { ids }, { ...options, kernels: 'baseline' })) as TracedModule<Tensor>;
        expectSameBits([traced({ ids })], [want], `${batch}`);
      }
    }
  });

  test('are taken of whole numbers as they are, and at any length', async () => {
    const large = new Tensor(
      'int32',
      [2, 6],
      Int32Array.from({ length: 12 }, (_, i) => 2 ** 24 + 1 + i),
    );
    const whole = (await jit.trace((x: Tensor) => F.select(x.reshape([2, 3, 2]), 1, 0), { x: large })) as TracedModule<Tensor>;
    expect(whole({ x: large })).toMatchObject({ dtype: 'int32' });
    expect(whole({ x: large }).tolist()).toEqual([
      [2 ** 24 + 1, 2 ** 24 + 2],
      [2 ** 24 + 7, 2 ** 24 + 8],
    ]);
    const cut = (ids: Tensor): Tensor => F.select(words(F.narrow(ids, 1, 0, 1)), 1, 0);
    const traced = (await jit.trace(cut, { ids: inputsFor(right).input_ids }, { dynamic, kernels: 'baseline' })) as TracedModule<Tensor>;
    for (const mask of [right, [[1]], [[1], [1]]]) {
      const ids = inputsFor(mask).input_ids;
      expectSameBits([traced({ ids })], [withKernels('baseline', () => cut(ids))]);
    }
  });

  test('are zeros of a text whose row the mask rules out', async () => {
    const left = [
      [0, 0, 1, 1],
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ];
    const inputs = inputsFor(left);
    for (const [taken, zeros] of [
      ['first', [true, false, true]],
      ['last', [false, false, true]],
      ['first that is let through', [false, false, true]],
      ['last by its id', [false, false, false]],
    ] as const) {
      const traced = (await jit.trace(modelOf({ ...chain('attention', 'norm'), taken: [taken] }, false), inputs)) as TracedModule<Tensor[]>;
      expect(
        [...traced(inputs)[0]].map((row) => (row as Tensor).tolist()?.toString() === Array(HIDDEN).fill(0).toString()),
        taken,
      ).toEqual(zeros);
    }
  });

  test('are no more where something else reads all', async () => {
    const inputs = inputsFor(right);
    for (const step of Object.keys(ALL)) {
      const { graph } = await jit.trace(modelOf(chain('attention', step), false), inputs);
      expect(graph, step).not.toMatch(/cross_attention|attention_apart/);
    }
    const two = await jit.trace(modelOf({ ...chain('attention', 'norm'), taken: ['first', 'last'] }, false), inputs);
    expect(two.graph).not.toMatch(/cross_attention|attention_apart/);
  });

  test('are computed apart for outputs that are asked for alone, whatever others read', async () => {
    const model = Object.assign(
      new Computed((ids, mask) => {
        const x = norm(F.attention(words(ids), words(ids), words(ids), { mask, heads: 2 }));
        return { first: F.select(x, 1, 0), all: x } as never;
      }),
      { input_names: ['input_ids', 'attention_mask'], asked_alone: ['first'] },
    );
    const inputs = inputsFor(right);
    const traced = await jit.trace(model as never, inputs, { dynamic });
    expect(traced.graph).toMatch(/cross_attention|attention_apart/);
    const both = (await traced.run(inputs)) as unknown as Record<string, Tensor>;
    const one = (await traced.run(inputs, { outputs: ['first'] })) as unknown as Record<string, Tensor>;
    expectSameBits([one.first], [both.first]);
    expectSameBits([both.first], [F.select(both.all, 1, 0)]);
  });

  test('have the same bits in integers, by any number of threads, in any batch and from a file', async () => {
    const program = chain('attention', 'norm', 'attention to itself', 'sum', 'linear', 'norm');
    const inputs = inputsFor(right);
    const [alone, among] = (await Promise.all(
      [false, true].map((whole) => jit.trace(modelOf(program, whole), inputs, { dynamic })),
    )) as TracedModule<Tensor[]>[];
    expect(alone.graph).toMatch(/cross_attention|attention_apart/);
    const [few, all] = await Promise.all([quantize(alone), quantize(among)]);
    expectSameBits([few.traced(inputs)[0]], [all.traced(inputs)[0]]);
    for (const traced of [alone, few.traced]) {
      const [want] = traced(inputs);
      for (const threads of [1, 2, 3]) {
        const loaded = (await jit.load(await fileOf(traced), { threads })) as unknown as TracedModule<Tensor[]>;
        expectSameBits([loaded(inputs)[0]], [want], `${threads} threads`);
        loaded.dispose();
      }
      for (const [i, mask] of right.entries()) {
        const length = mask.filter(Boolean).length;
        const own = { input_ids: inputs.input_ids.slice([i, i + 1]), attention_mask: tensor([mask], { dtype: 'int32' }) };
        const cut = Object.fromEntries(Object.entries(own).map(([name, each]) => [name, F.narrow(each, 1, 0, length)]));
        for (const given of [own, cut]) expectSameBits([traced(given)[0][0]], [want[i]], `text ${i}`);
      }
    }
  });
});
