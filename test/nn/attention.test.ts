import { describe, expect, test } from 'vitest';
import { F, jit, nn, type Tensor, tensor } from '../../src/index.ts';
import { softmaxOf, sum } from '../support/formulas.ts';
import { Computed, expectSameBits, floats, problem } from '../support/tiny.ts';

const [SEQUENCE, HEADS, DIM] = [11, 4, 6];
const random = (shape: number[], seed: number): Tensor => floats(shape, seed * 78.233);
const words = new nn.Embedding(40, HEADS * DIM, { seed: 1 });
const wide = (seed: number): Tensor => random([2, SEQUENCE, HEADS * DIM], seed);

/** The weights of attention by their definition; `seen` says which keys a query may see. */
function weightsOf(
  q: Tensor,
  k: Tensor,
  {
    groups = 1,
    seen = () => true,
    added = () => 0,
  }: { groups?: number; seen?(d: number): boolean; added?(head: number, d: number): number },
): number[][][][] {
  const heads = HEADS / groups;
  const at = (x: Tensor, width: number, b: number, i: number, d: number) => x.data[(b * SEQUENCE + i) * width + d] as number;
  const each = Array.from({ length: SEQUENCE }, (_, i) => i);
  return [0, 1].map((b) =>
    Array.from({ length: HEADS }, (_, h) =>
      each.map((i) =>
        softmaxOf(
          each.map((j) => {
            const terms = Array.from(
              { length: DIM },
              (_, d) => at(q, HEADS * DIM, b, i, h * DIM + d) * at(k, heads * DIM, b, j, Math.floor(h / groups) * DIM + d),
            );
            return seen(j - i) ? sum(terms) / Math.sqrt(DIM) + added(h, j - i) : -Infinity;
          }),
        ),
      ),
    ),
  );
}

function expectNear(got: Tensor, want: number[]): void {
  expect(got.size).toBe(want.length);
  want.forEach((value, i) => {
    expect(got.data[i]).toBeCloseTo(value, 5);
  });
}

const bias = random([HEADS, 7], 5);
const biasAt = (head: number, d: number): number => bias.data[head * 7 + Math.max(-3, Math.min(3, d)) + 3] as number;

describe.each<[string, Partial<F.AttentionOptions>, Parameters<typeof weightsOf>[2]]>([
  ['a window', { window: 2 }, { seen: (d) => Math.abs(d) <= 2 }],
  ['a window of nothing else', { window: 0 }, { seen: (d) => d === 0 }],
  ['keys before the query', { is_causal: true }, { seen: (d) => d <= 0 }],
  ['keys shortly before the query', { is_causal: true, window: 3 }, { seen: (d) => d <= 0 && d >= -3 }],
  ['a bias by distance', { bias }, { added: biasAt }],
  ['heads that share keys', { key_heads: 2 }, { groups: 2 }],
  ['all of it', { key_heads: 1, bias, window: 4, is_causal: true }, { groups: 4, added: biasAt, seen: (d) => d <= 0 && d >= -4 }],
])('attention with %s', (_, options, definition) => {
  const keyWidth = (HEADS / (definition.groups ?? 1)) * DIM;
  const [q, k, v] = [wide(1), random([2, SEQUENCE, keyWidth], 2), random([2, SEQUENCE, keyWidth], 3)];

  test('weighs keys as defined', () => {
    expectNear(F.attention_weights(q, k, { heads: HEADS, ...options }), weightsOf(q, k, definition).flat(3));
  });

  test('weighs values with these', () => {
    const weights = weightsOf(q, k, definition);
    const groups = definition.groups ?? 1;
    const want = [0, 1].flatMap((b) =>
      Array.from({ length: SEQUENCE }, (_, i) =>
        Array.from({ length: HEADS * DIM }, (_, c) => {
          const [h, d] = [Math.floor(c / DIM), c % DIM];
          return sum(
            weights[b][h][i].map((w, j) => w * (v.data[(b * SEQUENCE + j) * keyWidth + Math.floor(h / groups) * DIM + d] as number)),
          );
        }),
      ).flat(),
    );
    expectNear(F.attention(q, k, v, { heads: HEADS, ...options }), want);
  });

  test('is traced, at any size', async () => {
    const model = new Computed((ids) => {
      const x = words(ids);
      return F.attention(x, F.narrow(x, 2, 0, keyWidth), F.narrow(x, 2, 0, keyWidth), { heads: HEADS, ...options });
    });
    const idsOf = (batch: number, sequence: number) =>
      tensor(Array.from({ length: batch }, (_, b) => Array.from({ length: sequence }, (_, i) => (i * 7 + b) % 40)));
    const traced = await jit.trace(model, [idsOf(2, 5)], { dynamic: { batch: [1, 3], sequence: [1, 20] } });
    for (const [batch, sequence] of [
      [2, SEQUENCE],
      [1, 1],
      [3, 20],
    ]) {
      const ids = idsOf(batch, sequence);
      expectSameBits(traced(ids), model(ids));
    }
  });
});

test('keys at the ends of all distances are the same as no window', () => {
  const q = wide(1);
  const plain = F.attention(q, q, q, { heads: HEADS });
  expectNear(F.attention(q, q, q, { heads: HEADS, window: SEQUENCE }), Array.from(plain.data as Float32Array));
});

describe('rotary positions', () => {
  const frequencies = tensor([1, 0.25, 0.01]);
  const positions = (first: number) => tensor([Array.from({ length: SEQUENCE }, (_, i) => first + i)]);

  test('are cosines, then sines', () => {
    const { data, shape } = F.rotations(tensor([[0, 3]]), frequencies, 2);
    expect(shape).toEqual([1, 2, 6]);
    const angles = [3, 0.75, Math.fround(0.01) * 3];
    const want = [2, 2, 2, 0, 0, 0, ...angles.map((a) => 2 * Math.cos(a)), ...angles.map((a) => 2 * Math.sin(a))];
    want.forEach((value, i) => {
      expect(data[i]).toBeCloseTo(value, 6);
    });
  });

  test('leave products of queries and keys to their distance', () => {
    const [q, k] = [random([1, SEQUENCE, HEADS * DIM], 1), random([1, SEQUENCE, HEADS * DIM], 2)];
    const weights = (first: number) => {
      const rotation = F.rotations(positions(first), frequencies);
      const turned = [q, k].map((x) => F.apply_rotary(x, rotation, { heads: HEADS }));
      return F.attention_weights(turned[0], turned[1], { heads: HEADS });
    };
    expectNear(weights(100), Array.from(weights(0).data as Float32Array));
    expect(Array.from(weights(0).data)).not.toEqual(Array.from(F.attention_weights(q, k, { heads: HEADS }).data));
  });

  test('turn a part of a head, and leave heads behind the first', () => {
    const x = random([1, 2, 16], 1);
    const turned = F.apply_rotary(x, F.rotations(tensor([[0, 1]]), frequencies), { heads: 1, head_dim: 8 });
    const kept = [0, 1, 2, 3, 4, 5, 6, 7].concat([22, 23], [24, 25, 26, 27, 28, 29, 30, 31]);
    for (const i of kept) expect(turned.data[i]).toBe(x.data[i]);
    for (const i of [16, 21]) expect(turned.data[i]).not.toBe(x.data[i]);
  });
});

test('rms_norm is x by the root of its mean square', () => {
  const norm = new nn.RMSNorm(3, 1e-6);
  norm.weight?.data.set([1, 2, 3]);
  const root = Math.sqrt((9 + 16 + 1) / 3 + 1e-6);
  expectNear(norm(tensor([[3, -4, 1]])), [3 / root, -8 / root, 3 / root]);
  expectNear(F.rms_norm(tensor([[3, -4, 1]]), 3, tensor([1, 2, 3]), 1e-6, { offset: 1 }), [6 / root, -12 / root, 4 / root]);
  expectNear(F.rms_norm(tensor([[3, -4, 1]]), 3, null, 1e-6, { offset: 1 }), [3 / root, -4 / root, 1 / root]);
  expect(new nn.RMSNorm([2, 3], { elementwise_affine: false }).weight).toBeNull();
  expect(`${new nn.RMSNorm(3)}`).toMatch(/RMSNorm\(\[3\], eps=None, elementwise_affine=true\)/);
});

describe('refusals', () => {
  const q = wide(1);
  test.each<[string, 'value' | 'shape', () => unknown, RegExp]>([
    [
      'key heads that do not divide',
      'value',
      () => F.attention(q, q, q, { heads: 4, key_heads: 3 }),
      /key_heads: expected a divisor of heads 4, got 3/,
    ],
    ['keys as wide as queries', 'shape', () => F.attention(q, q, q, { heads: 4, key_heads: 2 }), /queries of 2 times the width of keys/],
    [
      'a bias of other heads',
      'shape',
      () => F.attention(q, q, q, { heads: 4, bias: floats([2, 7]) }),
      /a bias \[4, an odd number of distances\]/,
    ],
    ['a bias without a middle', 'shape', () => F.attention(q, q, q, { heads: 4, bias: floats([4, 6]) }), /an odd number of distances/],
    ['a window below 0', 'value', () => F.attention(q, q, q, { heads: 4, window: -1 }), /window: expected a whole number from 0, got -1/],
    ['rotation of other rows', 'shape', () => F.apply_rotary(q, floats([1, 3, 2]), { heads: 4 }), /a row of rotation for each row of x/],
    [
      'rotation wider than a head',
      'shape',
      () => F.apply_rotary(q, floats([2, SEQUENCE, 8]), { heads: 4 }),
      /an even number to turn within a head/,
    ],
    ['rms_norm of other widths', 'shape', () => F.rms_norm(q, [5]), /rms_norm: expected last dimensions and weight of \[5\]/],
  ])('%s', async (_, code, body, message) => {
    expect((await problem(code, body)).message).toMatch(message);
  });
});

describe('keys of another sequence', () => {
  const options = { heads: HEADS, key_heads: 2, bias, window: 4, is_causal: true };
  const narrow = (x: Tensor): Tensor => F.narrow(x, 2, 0, 2 * DIM);
  const [q, k, v] = [wide(1), narrow(wide(2)), narrow(wide(3))];

  test('are seen as those of the same one, by place', () => {
    expectSameBits([F.attention(q, k, v, { ...options, is_cross: true })], [F.attention(q, k, v, options)]);
    expectSameBits([F.attention_weights(q, k, { ...options, is_cross: true })], [F.attention_weights(q, k, options)]);
  });

  test('may be more or fewer, and are left out by a mask of their own', () => {
    const few = (x: Tensor): Tensor => F.slice(x, 1, 0, 3);
    const kept = tensor([0, 1].map(() => Array.from({ length: SEQUENCE }, (_, i) => Number(i < 3))));
    const weighed = F.attention_weights(q, few(k), { heads: HEADS, key_heads: 2, bias, is_cross: true });
    expect(weighed.shape).toEqual([2, HEADS, SEQUENCE, 3]);
    expectSameBits([F.narrow(F.attention_weights(q, k, { heads: HEADS, key_heads: 2, bias, mask: kept }), 3, 0, 3)], [weighed]);
    expectSameBits(
      [F.attention(q, few(k), few(v), { heads: HEADS, key_heads: 2, bias, is_cross: true })],
      [F.attention(q, k, v, { heads: HEADS, key_heads: 2, bias, mask: kept })],
    );
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'keys of another batch',
      () => F.attention(q, F.slice(k, 0, 0, 1), F.slice(v, 0, 0, 1), { ...options, is_cross: true }),
      /cross_attention: expected as many sequences of keys as of queries, got 2 and 1/,
    ],
    [
      'keys of another width',
      () => F.attention(q, q, q, { ...options, is_cross: true }),
      /cross_attention: expected queries of 2 times the width of keys/,
    ],
    [
      'values unlike keys',
      () => F.attention(q, k, F.slice(v, 1, 0, 3), { ...options, is_cross: true }),
      /cross_attention: expected values like keys/,
    ],
    [
      'a mask of queries',
      () =>
        F.attention(q, F.slice(k, 1, 0, 3), F.slice(v, 1, 0, 3), {
          heads: HEADS,
          key_heads: 2,
          is_cross: true,
          mask: tensor([0, 1].map(() => new Array(SEQUENCE).fill(1))),
        }),
      /cross_attention: expected a mask of shape \[2,3\]/,
    ],
    [
      'a bias without a middle',
      () => F.attention(q, k, v, { ...options, is_cross: true, bias: random([HEADS, 4], 1) }),
      /cross_attention: expected a bias \[4, an odd number of distances\]/,
    ],
  ])('refuses %s', async (_, call, message) => {
    expect((await problem('shape', call)).message).toMatch(message);
  });
});
