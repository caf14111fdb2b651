import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { F, jit, nn, Tensor, type TracedModule, tensor, withKernels } from '../../src/index.ts';
import { checkCall } from '../../src/ops/call.ts';
import { expectClose } from '../support/fixtures.ts';
import { Computed, expectSameBits, floats, problem } from '../support/tiny.ts';

const HIDDEN = 8;
const [dense, norm, words, places] = [
  new nn.Linear(HIDDEN, HIDDEN),
  new nn.LayerNorm(HIDDEN),
  new nn.Embedding(40, HIDDEN),
  new nn.Embedding(9, HIDDEN),
];
const double = new nn.Linear(2 * HIDDEN, HIDDEN);
const one = new nn.Linear(HIDDEN, 1);
const root = new nn.RMSNorm(HIDDEN);
const frequencies = tensor([1, 0.1]);
const distances = floats([4, 7]);

interface Given {
  input_ids: Tensor;
  attention_mask: Tensor;
  position_ids: Tensor;
}

/** Steps over rows of tokens [batch, sequence, HIDDEN]; some know rows, some do not. */
const STEPS: ((x: Tensor, y: Tensor, given: Given) => Tensor)[] = [
  (x) => dense(x),
  (x) => F.gelu(x),
  (x) => norm(x),
  (x, y) => F.add(x, y),
  (x, y) => F.mul(y, x),
  (x) => F.softmax(x),
  (x) => F.scale(x, 0.5),
  (x, y, { attention_mask: mask }) => F.attention(x, y, x, { mask, heads: 2 }),
  (x, y) => double(F.cat([x, y], 2)),
  (x, _, { position_ids }) => F.add(x, places(position_ids.reshape([position_ids.shape[1]]))),
  (x, _, { input_ids }) => F.add(x, places(F.positions(input_ids))),
  (x) => F.tanh(x.reshape([x.shape[0], x.shape[1], 2, HIDDEN / 2])).reshape(x.shape),
  (x) => F.relu(x.reshape([x.shape[0] * x.shape[1], HIDDEN])).reshape(x.shape),
  (x) => F.transpose(F.silu(F.transpose(x, 1, 2)), 1, 2),
  (x) => F.add(x, floats([HIDDEN])),
  (x, y) =>
    F.add(y, F.cat(Array(HIDDEN).fill(F.sigmoid(one(x).reshape([x.shape[0], x.shape[1]])).reshape([x.shape[0], x.shape[1], 1])), 2)),
  (x) => root(x),
  (x, y) => F.cat([F.narrow(x, 2, 3, 5), F.narrow(y, 2, 0, 3)], 2),
  (x, _, { input_ids }) => F.apply_rotary(x, F.rotations(F.positions(input_ids), frequencies), { heads: 2 }),
  (x, y, { attention_mask: mask }) => F.attention(x, y, x, { mask, heads: 2, window: 2 }),
  (x, y, { attention_mask: mask }) =>
    F.attention(x, F.narrow(y, 2, 0, 4), F.narrow(x, 2, 4, 4), { mask, heads: 4, key_heads: 2, is_causal: true, bias: distances }),
  (x, _, { attention_mask: mask }) => F.masked(x, mask),
  (x, y, { input_ids, attention_mask: mask }) =>
    F.attention(words(F.shift_right(input_ids, 5)), x, y, { mask, heads: 2, is_cross: true, is_causal: true }),
];

/** The steps that leave rows: what follows them is computed for all tokens. */
const LEAVING = [13, 15, 22];

const programs = fc.array(fc.record({ step: fc.nat(STEPS.length - 1), x: fc.nat(9), y: fc.nat(9) }), { minLength: 1, maxLength: 8 });
const masks = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 9 })).chain(([batch, sequence]) =>
  fc.array(
    fc.integer({ min: 1, max: sequence }).map((length) => Array.from({ length: sequence }, (_, i) => Number(i < length))),
    { minLength: batch, maxLength: batch },
  ),
);

function inputsFor(mask: number[][]): Record<string, Tensor> {
  const [batch, sequence] = [mask.length, mask[0].length];
  const ids = Int32Array.from({ length: batch * sequence }, (_, i) => (i * 11 + 5) % 40);
  return {
    input_ids: new Tensor('int32', [batch, sequence], ids),
    attention_mask: tensor(mask),
    position_ids: tensor([Array.from({ length: sequence }, (_, i) => i)]),
  };
}

function modelOf(steps: { step: number; x: number; y: number }[]): Computed {
  return new Computed((input_ids, attention_mask, position_ids) => {
    const given = { input_ids, attention_mask, position_ids };
    const pool = [words(input_ids)];
    const pick = (i: number): Tensor => pool[pool.length - 1 - (i % Math.min(pool.length, 4))];
    for (const { step, x, y } of steps) pool.push(STEPS[step](pick(x), pick(y), given));
    return [pool[pool.length - 1], pool[pool.length >> 1], F.mean_pool(pool[pool.length - 1], attention_mask)];
  });
}

function rowsOf({ data, shape }: Tensor, mask: readonly number[], real: number): Float32Array[] {
  const width = shape[shape.length - 1];
  return mask.flatMap((kept, i) => (kept === real ? [(data as Float32Array).slice(i * width, (i + 1) * width)] : []));
}

describe('a graph over rows', () => {
  test('gives real tokens the bits that the whole graph gives them, and zeros for others until an op moves them', async () => {
    await fc.assert(
      fc.asyncProperty(programs, masks, async (steps, mask) => {
        const inputs = inputsFor(mask);
        const model = modelOf(steps);
        const [packed, whole] = (await Promise.all(
          [false, true].map((exact_padding) => jit.trace(model, inputs, { exact_padding, kernels: 'baseline' })),
        )) as TracedModule<Tensor[]>[];
        const [got, want] = [packed(inputs), whole(inputs)];
        for (const i of [0, 1]) {
          expect(rowsOf(got[i], mask.flat(), 1)).toEqual(rowsOf(want[i], mask.flat(), 1));
          if (!steps.some(({ step }) => LEAVING.includes(step)))
            for (const row of rowsOf(got[i], mask.flat(), 0)) expect(row.every((value) => value === 0)).toBe(true);
        }
        expectSameBits([got[2]], [want[2]]);
      }),
      { numRuns: 300 },
    );
  });

  test('keeps sequences apart in ops over tokens', async () => {
    const scores = new Computed((input_ids, mask) => {
      const x = F.attention(words(input_ids), words(input_ids), words(input_ids), { mask, heads: 2 });
      return F.softmax(one(x).reshape(input_ids.shape));
    });
    const inputs = (batch: number) => {
      const { input_ids, attention_mask } = inputsFor(Array(batch).fill([1, 1, 1]));
      return { input_0: input_ids, attention_mask };
    };
    const traced = await jit.trace(scores as never, inputs(1), { dynamic: { batch: [1, 8] }, kernels: 'baseline' });
    for (const batch of [1, 3]) {
      const given = inputs(batch);
      expectSameBits(
        traced(given),
        withKernels('baseline', () => scores(given.input_0, given.attention_mask)),
      );
    }
  });

  test('knows queries that are no rows, where a text is one token as well', async () => {
    const weights = new Computed((input_ids, mask) => {
      const x = F.transpose(F.silu(F.transpose(words(input_ids), 1, 2)), 1, 2);
      return F.disentangled_attention_weights(x, x, { mask, heads: 2 });
    });
    const inputs = (batch: number, sequence: number) => {
      const { input_ids, attention_mask } = inputsFor(Array(batch).fill(Array(sequence).fill(1)));
      return { input_0: input_ids, attention_mask };
    };
    const traced = await jit.trace(weights as never, inputs(2, 3), { dynamic: { batch: [1, 3], sequence: [1, 5] }, kernels: 'baseline' });
    for (const [batch, sequence] of [
      [1, 1],
      [3, 4],
    ]) {
      const given = inputs(batch, sequence);
      expectSameBits(
        traced(given),
        withKernels('baseline', () => weights(given.input_0, given.attention_mask)),
      );
    }
  });

  test.each<[string, number[], RegExp]>([
    ['positions given once for all', [9], /places/],
    ['heads apart', [11, 0], /f32\[tokens, 2, 4\] = tanh/],
    ['tokens in one line', [12, 0], /f32\[tokens, 8\] = relu/],
    ['tensors side by side', [8], /f32\[tokens, 16\] = concat/],
  ])('keeps to rows: %s', async (_, steps, message) => {
    const inputs = inputsFor([
      [1, 1, 0],
      [1, 1, 1],
    ]);
    const model = modelOf(steps.map((step) => ({ step, x: 0, y: 1 })));
    const { graph } = await jit.trace(model, inputs, { fusion: false });
    expect(graph).toMatch(message);
    expect(graph).not.toMatch(/^ {2}%\d+: f32\[2, 3, [^\]]*\] = (?!scatter)/m);
  });

  test.each<[string, (x: Tensor) => Tensor]>([
    ['single columns', (x) => F.cat([one(x), one(x), one(x)], 2)],
    [
      'heads of one number',
      (x) =>
        F.cat(
          [one(x), one(x)].map((y) => y.reshape([...y.shape, 1])),
          3,
        ),
    ],
    [
      'tensors along heads',
      (x) =>
        F.cat(
          [one(x), one(x)].map((y) => y.reshape([...y.shape, 1])),
          2,
        ),
    ],
  ])('is the same for one token as for many: %s side by side', async (_, beside) => {
    const model = new Computed((input_ids, mask) => {
      const x = F.attention(words(input_ids), words(input_ids), words(input_ids), { mask, heads: 2 });
      return [F.tanh(beside(x))];
    });
    const inputs = (...mask: number[][]) => {
      const { input_ids, attention_mask } = inputsFor(mask);
      return { input_0: input_ids, attention_mask };
    };
    const padded = inputs([1, 1, 0], [1, 1, 1]);
    const options = { dynamic: { batch: [1, 3], sequence: [1, 9] }, kernels: 'baseline' } as const;
    const traced = await jit.trace(Object.assign(model, { input_names: ['input_0', 'attention_mask'] }) as never, padded, options);
    expect(traced.graph).toMatch(/f32\[tokens, [\d, ]+\] = tanh/);
    for (const given of [inputs([1]), inputs([1, 1], [1, 1])])
      expectSameBits(
        traced(given),
        withKernels('baseline', () => model(given.input_0, given.attention_mask)),
      );
  });

  test('has rows for tokens that a rule chooses, whatever the mask says, and nobody sees these', async () => {
    const model = new Computed((input_ids, mask) => {
      const x = F.attention(dense(words(input_ids)), words(input_ids), words(input_ids), { mask, heads: 2 });
      const y = F.attention(x, words(input_ids), dense(x), { mask, heads: 2, is_causal: true });
      return [F.last_pool(norm(y), F.ends(input_ids, 7)), F.mean_pool(y, mask), F.last_pool(y, F.ends(input_ids)), y];
    });
    const inputs = {
      input_0: tensor([
        [1, 2, 3, 4, 5],
        [1, 2, 3, 7, 7],
        [7, 7, 3, 4, 5],
        [7, 2, 3, 4, 7],
        [7, 7, 7, 7, 7],
      ]),
      attention_mask: tensor([
        [1, 0, 1, 1, 1],
        [1, 1, 1, 0, 0],
        [0, 0, 1, 1, 1],
        [0, 1, 1, 0, 0],
        [1, 1, 0, 0, 1],
      ]),
    };
    const named = Object.assign(model, { input_names: ['input_0', 'attention_mask'] });
    const dynamic = { batch: [1, 5], sequence: [1, 9] } as const;
    for (const options of [{}, { dynamic }]) {
      const traced = await jit.trace(named as never, inputs, { ...options, kernels: 'baseline' });
      expect(traced.graph).toMatch(/tokens/);
      const [ends, means, lasts, all] = traced(inputs) as unknown as Tensor[];
      const want = withKernels('baseline', () => model(inputs.input_0, inputs.attention_mask)) as Tensor[];
      for (const [i, vectors] of [ends, means, lasts].entries()) expectClose(vectors, want[i], 1e-6, `output ${i}`);
      expectSameBits([ends[1], means[1], lasts[1], all[1][1]], [want[0][1], want[1][1], want[2][1], want[3][1][1]]);
    }
  });

  test('is none where attention weights are asked for beside tokens that a rule chooses', async () => {
    const model = new Computed((input_ids, mask) => {
      const x = words(input_ids);
      return [F.last_pool(F.attention(x, x, x, { mask, heads: 2 }), F.ends(input_ids)), F.attention_weights(x, x, { mask, heads: 2 })];
    });
    const { input_ids, attention_mask } = inputsFor([
      [1, 1, 1],
      [1, 1, 0],
    ]);
    const traced = await jit.trace(Object.assign(model, { input_names: ['input_ids', 'attention_mask'] }) as never, {
      input_ids,
      attention_mask,
    });
    expect(traced.graph).not.toMatch(/tokens/);
    expectSameBits(traced({ input_ids, attention_mask }), model(input_ids, attention_mask));
  });

  test('has masks of as many rows', async () => {
    const [x, starts] = [
      { dtype: 'float32', shape: [5, 4] },
      { dtype: 'int32', shape: [3] },
    ] as const;
    for (const op of ['last_pool', 'attention']) {
      const operands = op === 'attention' ? { q: x, k: x, v: x, starts } : { x, starts };
      const masked = (rows: number) =>
        checkCall(op, { ...operands, mask: { dtype: 'int32', shape: [rows] } }, op === 'attention' ? { heads: 2, scale: 1 } : {});
      expect(masked(5).ints).toMatchObject({ batch: 2 });
      expect((await problem('shape', () => masked(4))).message).toMatch(/a mask of shape \[5\], got \[4\]/);
    }
  });
});
