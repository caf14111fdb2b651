import { describe, expect, test } from 'vitest';
import { F, jit, nn, type Tensor, tensor, withKernels } from '../../src/index.ts';
import type { DynamicAxes } from '../../src/jit/dynamic.ts';
import { quantize } from '../../src/quantize/index.ts';
import { expectSameBits, fileOf, floats } from '../support/tiny.ts';

type Body = (x: Tensor, y: Tensor, ids: Tensor) => Tensor | readonly Tensor[];

/** x [batch, n, 4], y [batch, n] or [4], ids int32 [batch, n] below 4. */
const inputsAt = (batch: number, n: number): [Tensor, Tensor, Tensor] => [
  floats([batch, n, 4], batch + n),
  floats([batch, n], n),
  tensor(Array.from({ length: batch }, (_, b) => Array.from({ length: n }, (_, i) => (b + 2 * i) % 4))),
];

const AXES: DynamicAxes = { x: { 0: 'batch', 1: 'n' }, y: { 0: 'batch', 1: 'n' }, ids: { 0: 'batch', 1: 'n' } };
const positive = (x: Tensor) => F.add(F.abs(x), 0.5);
const column = (y: Tensor) => y.unsqueeze(-1);
const heads = (x: Tensor) => x.view(x.shape[0], x.shape[1], 2, 2).permute(0, 2, 1, 3);

/** Forward passes of general ops, some as people write out what has ops of its own. */
const BODIES: Record<string, Body> = {
  'of pairs': (x, y) => [
    x.sub(column(y)),
    x.div(positive(column(y))),
    positive(x).pow(column(y)),
    x.minimum(0.25),
    x.maximum(column(y)),
    x.mul(column(y)),
  ],
  'of single numbers': (x) => [
    x.exp(),
    positive(x).log(),
    positive(x).sqrt(),
    positive(x).rsqrt(),
    x.erf(),
    x.neg(),
    x.sin(),
    x.cos(),
    x.sign(),
    x.round(),
  ],
  'of divisions with a rest': (x) => [x.remainder(0.3), x.floor_divide(0.3), x.div(0.3, { rounding_mode: 'trunc' })],
  comparisons: (x, y, ids) => [
    x.gt(column(y)),
    ids.eq(2),
    ids.lt(y),
    ids.ne(0).logical_and(y.gt(0)),
    ids.logical_not(),
    x.gt(0).any(-1),
    x.gt(0).all(1),
  ],
  choices: (x, y, ids) => [
    x.masked_fill(column(ids.eq(1)), -1e9),
    F.where(column(y).lt(0), x, 0),
    F.where(ids.gt(1), ids, 7),
    x.clamp(-0.5, column(y)),
  ],
  'reductions of any dimension': (x, y, ids) => [
    x.sum(),
    x.sum(1),
    x.mean(-1, true),
    x.mean([0, 2]),
    x.amax(0),
    x.amin(1, true),
    y.sum(0),
    ids.float().mean(),
    x.argmin(1),
  ],
  variances: (x) => [x.var(-1), x.var(-1, { correction: 0, keepdim: true }), x.std([0, 2], { correction: 0 })],
  sums: (x, _, ids) => [x.cumsum(1), x.cumsum(-1), ids.cumsum(1).mul(ids.ne(0)).add(1)],
  picks: (x, _, ids) => [
    x.gather(2, column(ids)),
    F.index_select(x, 2, [3, 0]),
    F.index_select(floats([5, 3]), 0, ids.reshape(-1)),
    ids.unsqueeze(2).expand(-1, -1, 3),
  ],
  repeats: (x, y) => [
    column(y).expand(x.shape[0], x.shape[1], 3),
    x.repeat(2, 1, 2),
    x.repeat_interleave(3, 1),
    F.stack([x, x.neg()], 1),
    F.broadcast_to(y.unsqueeze(1), [x.shape[0], 2, x.shape[1]]),
  ],
  'of constants of any size': (x) => [
    x.add(F.expand(floats([1, 1, 4]), x.shape)),
    x.mul(F.repeat_interleave(floats([1, 1, 4]), x.shape[1], 1)),
    F.expand(tensor([[3]]), x.shape[0], 2),
  ],
  parts: (x, _, ids) => [...x.chunk(2, -1), ...F.split(x, [1, 3], 2), F.cat([ids, ids], 1), ids.transpose(0, 1), ids.unsqueeze(1)],
  products: (x, y) => [
    x.matmul(x.transpose(1, 2)),
    F.einsum('bnd,bmd->bnm', x, x),
    F.einsum('bnd,bn->bd', x, y),
    F.einsum('bnd,de->bne', x, floats([4, 3])),
  ],
  'attention by hand': (x, y) => {
    const q = heads(x);
    const scores = F.matmul(q, q.transpose(-2, -1)).div(Math.sqrt(2));
    const mask = y.lt(-0.9).unsqueeze(1).unsqueeze(1);
    return F.softmax(scores.masked_fill(mask, -1e9), -1).matmul(q).permute(0, 2, 1, 3).reshape(x.shape);
  },
  'a norm by hand': (x) => {
    const apart = x.sub(x.mean(-1, true));
    return apart
      .div(apart.pow(2).mean(-1, true).add(1e-5).sqrt())
      .mul(floats([4]))
      .add(floats([4], 2));
  },
  'gelu by hand': (x) => x.mul(0.5).mul(x.div(Math.SQRT2).erf().add(1)),
  'pooling by hand': (x, _, ids) => {
    const mask = ids.ne(0).float().unsqueeze(-1);
    return x
      .mul(mask)
      .sum(1)
      .div(mask.sum(1).clamp({ min: 1e-9 }));
  },
  'rotary positions by hand': (x, _, ids) => {
    const angles = ids.float().unsqueeze(-1).mul([1, 0.1]);
    const [cos, sin] = [angles.cos(), angles.sin()].map((half) => F.cat([half, half], -1));
    const [first, second] = x.chunk(2, -1);
    return x.mul(cos).add(F.cat([second.neg(), first], -1).mul(sin));
  },
  'of more than four dimensions': (x) => x.reshape(x.shape[0], x.shape[1], 2, 2, 1, 1).permute(2, 0, 5, 3, 1, 4).sum(3).mul(x.mean()),
};

const listOf = (answer: Tensor | readonly Tensor[]): readonly Tensor[] => (Array.isArray(answer) ? answer : [answer as Tensor]);

describe.each(Object.entries(BODIES))('%s', (name, body) => {
  const [x, y, ids] = inputsAt(2, 3);
  /** What has an op of its own keeps the bits of the ops that spell it out where it is not put in their place. */
  const fusion = !name.includes('by hand');

  test.each(['baseline', 'relaxed'] as const)('as they are computed at once, on %s', async (kernels) => {
    const traced = await jit.trace(body, { x, y, ids }, { kernels, fusion });
    const want = withKernels(kernels, () => listOf(body(x, y, ids)));
    const got = listOf(traced({ x, y, ids }) as Tensor);
    expect(got).toHaveLength(want.length);
    for (const [i, each] of want.entries()) expectSameBits(got[i], each);
    expect(traced.verify('baseline').exact).toBe(true);
  });

  test('at any size, read from a file, by several threads', async () => {
    const traced = await jit.trace(
      body,
      { x, y, ids },
      { dynamic: { batch: [1, 4], n: [1, 40] }, dynamic_axes: AXES, kernels: 'baseline', fusion },
    );
    const loaded = await jit.load(await fileOf(traced), { kernels: 'baseline', threads: 3 });
    for (const [batch, n] of [
      [1, 1],
      [4, 1],
      [1, 5],
      [3, 40],
      [2, 3],
    ]) {
      // biome-ignore format: one row
      const inputs = inputsAt(batch, n);
      const want = withKernels('baseline', () => listOf(body(...inputs)));
      for (const each of [traced, loaded]) {
        const got = listOf(each(...inputs) as unknown as Tensor);
        for (const [i, one] of want.entries()) expectSameBits(got[i], one);
      }
    }
    loaded.dispose();
  });
});

describe('a trace of general ops', () => {
  const [x, y, ids] = inputsAt(2, 3);
  const dense = new nn.Linear(4, 4, { seed: 2 });
  const body = (a: Tensor, b: Tensor, c: Tensor) =>
    dense(a)
      .sub(column(b))
      .exp()
      .mul(column(c.eq(1)))
      .sum(1);

  test('runs in workers', async () => {
    const traced = await jit.trace(body, [x, y, ids], { kernels: 'baseline' });
    const loaded = await jit.load(await fileOf(traced), { kernels: 'baseline', workers: 1 });
    try {
      expectSameBits((await loaded.run([x, y, ids])) as unknown as Tensor, traced(x, y, ids) as Tensor);
    } finally {
      loaded.dispose();
    }
  });

  test('is quantised, and is planned and estimated', async () => {
    const traced = await jit.trace(body, [x, y, ids]);
    const { traced: small, report } = await quantize(traced, { calibrate: [[x, y, ids]] as never });
    expect(report.layers.map(({ op, bits }) => [op, bits])).toEqual([['linear', 8]]);
    const [got, want] = [small, traced].map((each) => (each(x, y, ids) as unknown as Tensor).data as Float32Array);
    for (const [i, value] of want.entries()) expect(Math.abs(got[i] - value)).toBeLessThan(0.1 * Math.max(1, Math.abs(value)));
    expect(traced.flops()).toBeGreaterThan(0);
    expect(traced.graph).toMatch(/binary\(.*function=add\)/);
  });
});
