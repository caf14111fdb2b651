import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Call, difference, f, floats, type Holds, type Program, type Value, whole } from '../support/atenprograms.ts';

/** Norms, activations, pools and the like: each is one op however it is spelled, and nothing that is nearly one is. */

const [BATCH, SEQUENCE, WIDTH] = [2, 3, 8];

const HOLDS = (seed: number): Holds => ({
  inputs: { x: floats([BATCH, SEQUENCE, WIDTH], seed), mask: whole([BATCH, SEQUENCE], [1, 1, 0, 1, 0, 0]) },
  weights: {
    weight: floats([WIDTH], seed + 1),
    bias: floats([WIDTH], seed + 2),
    matrix: floats([WIDTH, 5], seed + 3),
    narrow: floats([5], seed + 4),
  },
});

const SEED = fc.integer({ min: 0, max: 1000 });

/** What a program answers is right, and the ops that it becomes. */
function opsOf(program: Program, seed: number): string[] {
  const { worst, ops } = difference(program, HOLDS(seed));
  expect(worst).toBeLessThan(2e-6);
  return ops;
}

/** Both operands, in an order that a coin decides. */
const either = (call: Call, op: string, flip: boolean, a: Value, b: Value): Value => (flip ? call(op, b, a) : call(op, a, b));

interface NormSpelling {
  square: 'pow' | 'mul' | 'var';
  root: 'div sqrt' | 'mul rsqrt' | 'pow half';
  flips: [boolean, boolean, boolean];
  spare: boolean;
  twice: boolean;
}

const NORM: fc.Arbitrary<NormSpelling> = fc.record({
  square: fc.constantFrom('pow', 'mul', 'var'),
  root: fc.constantFrom('div sqrt', 'mul rsqrt', 'pow half'),
  flips: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
  spare: fc.boolean(),
  twice: fc.boolean(),
});

type NormMiss = 'none' | 'eps outside' | 'dim of tokens' | 'other centre' | 'no root';

function norm({ square, root, flips, spare, twice }: NormSpelling, miss: NormMiss, rms: boolean): Program {
  return (call, { x, weight, bias }) => {
    const dims = miss === 'dim of tokens' ? [1] : [-1];
    const mean = (value: Value): Value => call('mean', value, dims, true);
    const centre = (): Value => (rms ? x : call('sub', x, mean(x)));
    const centred = centre();
    const again = miss === 'other centre' ? call('sub', x, f(0.5)) : twice ? centre() : centred;
    const squares = square === 'pow' ? call('pow', again, 2) : call('mul', again, again);
    const variance = square === 'var' && !rms && miss !== 'other centre' ? call('var', x, dims, false, true) : mean(squares);
    const inside = miss === 'eps outside' ? variance : either(call, 'add', flips[0], variance, f(1e-5));
    const rooted = miss === 'no root' ? inside : root === 'pow half' ? call('pow', inside, f(0.5)) : call('sqrt', inside);
    const below = miss === 'eps outside' ? call('add', rooted, f(1e-5)) : rooted;
    const scaled =
      root === 'mul rsqrt' && miss !== 'no root' && miss !== 'eps outside'
        ? either(call, 'mul', flips[1], centred, call('rsqrt', inside))
        : call('div', centred, below);
    const kept = spare ? call('contiguous', call('slice', scaled, 0, 0, 2 ** 63, 1)) : scaled;
    const weighted = either(call, 'mul', flips[1], kept, weight);
    return rms ? weighted : either(call, 'add', flips[2], weighted, bias);
  };
}

/** x + 0.044715 · x³ and the like, by a number. */
const cubic = (call: Call, x: Value, number: number): Value => call('add', x, call('mul', f(number), call('pow', x, f(3))));

interface GeluSpelling {
  half: 'x' | 'sum' | 'all';
  flips: [boolean, boolean];
  root: 'div' | 'mul';
}

const GELU: fc.Arbitrary<GeluSpelling> = fc.record({
  half: fc.constantFrom('x', 'sum', 'all'),
  flips: fc.tuple(fc.boolean(), fc.boolean()),
  root: fc.constantFrom('div', 'mul'),
});

function gelu({ half, flips, root }: GeluSpelling, numbers: { half: number; root: number; one: number }, tanh: boolean): Program {
  return (call, { x }) => {
    const argument = tanh
      ? call('mul', cubic(call, x, 0.044715), f(numbers.root))
      : root === 'div'
        ? call('div', x, f(1 / numbers.root))
        : call('mul', x, f(numbers.root));
    const sum = either(call, 'add', flips[0], call(tanh ? 'tanh' : 'erf', argument), f(numbers.one));
    const halved = (value: Value): Value => call('mul', value, f(numbers.half));
    if (half === 'all') return halved(either(call, 'mul', flips[1], x, sum));
    return half === 'x' ? either(call, 'mul', flips[1], halved(x), sum) : either(call, 'mul', flips[1], x, halved(sum));
  };
}

const ROOTS = { erf: Math.SQRT1_2, tanh: Math.sqrt(2 / Math.PI) };

describe('norms', () => {
  test('are one op however they are spelled', () => {
    fc.assert(
      fc.property(NORM, fc.boolean(), SEED, (spelling, rms, seed) => {
        expect(opsOf(norm(spelling, 'none', rms), seed)).toEqual([rms ? 'rms_norm' : 'layer_norm']);
      }),
    );
  });

  test('are not found where they are nearly ones', () => {
    const misses = fc.constantFrom<NormMiss>('eps outside', 'dim of tokens', 'no root');
    fc.assert(
      fc.property(NORM, misses, fc.boolean(), SEED, (spelling, miss, rms, seed) => {
        const ops = opsOf(norm(spelling, miss, rms), seed);
        expect(ops).not.toContain('layer_norm');
        expect(ops).not.toContain('rms_norm');
      }),
    );
    fc.assert(
      fc.property(NORM, SEED, (spelling, seed) => {
        expect(opsOf(norm({ ...spelling, square: 'mul' }, 'other centre', false), seed)).not.toContain('layer_norm');
      }),
    );
  });
});

describe('activations', () => {
  test('are one op however they are spelled', () => {
    fc.assert(
      fc.property(GELU, fc.boolean(), SEED, (spelling, tanh, seed) => {
        const root = tanh ? ROOTS.tanh : ROOTS.erf;
        expect(opsOf(gelu(spelling, { half: 0.5, root, one: 1 }, tanh), seed)).toEqual([tanh ? 'gelu_new' : 'gelu']);
      }),
    );
    expect(opsOf((call, { x }) => call('mul', x, call('sigmoid', x)), 1)).toEqual(['silu']);
    expect(opsOf((call, { x }) => call('mul', call('sigmoid', call('mul', x, f(1.702))), x), 1)).toEqual(['quick_gelu']);
    expect(opsOf((call, { x }) => call('clamp', x, 0), 1)).toEqual(['relu']);
  });

  test('are not found where a number is another', () => {
    const off = fc.constantFrom({ half: 0.51 }, { one: 1.01 }, { root: 0.7 }, { root: 0.8 });
    fc.assert(
      fc.property(GELU, fc.boolean(), off, SEED, (spelling, tanh, other, seed) => {
        const ops = opsOf(gelu(spelling, { half: 0.5, root: tanh ? ROOTS.tanh : ROOTS.erf, one: 1, ...other }, tanh), seed);
        expect(ops).not.toContain('gelu');
        expect(ops).not.toContain('gelu_new');
      }),
    );
    expect(opsOf((call, { x }) => call('mul', x, call('sigmoid', call('mul', x, f(1.7)))), 1)).not.toContain('quick_gelu');
    expect(opsOf((call, { x }) => call('mul', call('neg', x), call('sigmoid', x)), 1)).not.toContain('silu');
  });
});

describe('products with weights', () => {
  test.each([
    ['matmul', (call: Call, { x, matrix }: Readonly<Record<string, Value>>) => call('matmul', x, matrix)],
    [
      'addmm of rows',
      (call: Call, { x, matrix, narrow }: Readonly<Record<string, Value>>) =>
        call('view', call('addmm', narrow, call('view', x, [-1, WIDTH]), matrix), [BATCH, SEQUENCE, 5]),
    ],
    [
      'matmul of a transpose',
      (call: Call, { x, matrix, narrow }: Readonly<Record<string, Value>>) =>
        call('add', narrow, call('matmul', x, call('transpose', call('transpose', matrix, 0, 1), 1, 0))),
    ],
  ] as const)('are linear: %s', (_, program) => {
    expect(opsOf(program as Program, 3)).toEqual(['linear']);
  });
});

describe('vectors of texts', () => {
  const bits = (call: Call, mask: Value): Value => call('to', call('expand', call('unsqueeze', mask, -1), [BATCH, SEQUENCE, WIDTH]), 6);

  test('are means over tokens that a mask lets through', () => {
    const mean: Program = (call, { x, mask }) => {
      const all = bits(call, mask);
      return call('div', call('sum', call('mul', x, all), [1]), call('clamp', call('sum', all, [1]), f(1e-9)));
    };
    expect(opsOf(mean, 5)).toEqual(['mean_pool']);
    const normalised: Program = (call, given) => {
      const pooled = mean(call, given);
      const length = call('sqrt', call('sum', call('mul', pooled, pooled), [1], true));
      return call('div', pooled, call('expand', call('clamp', length, f(1e-12)), [BATCH, WIDTH]));
    };
    expect(opsOf(normalised, 5)).toEqual(['mean_pool', 'l2_normalize']);
  });

  test('are no means where the count is another', () => {
    const off: Program = (call, { x, mask }) =>
      call(
        'div',
        call('sum', call('mul', x, bits(call, mask)), [1]),
        call('clamp', call('sum', call('ones', [BATCH, SEQUENCE, WIDTH]), [1]), f(1e-9)),
      );
    expect(opsOf(off, 6)).not.toContain('mean_pool');
  });

  test('are no means of what weights that are called otherwise may be', () => {
    const holds = { inputs: { x: floats([BATCH, SEQUENCE, WIDTH], 8), counts: whole([BATCH, SEQUENCE], [3, 0, 2, 1, 5, 1]) }, weights: {} };
    const weighed: Program = (call, { x, counts }) => {
      const all = bits(call, counts);
      return call('div', call('sum', call('mul', x, all), [1]), call('clamp', call('sum', all, [1]), f(1e-9)));
    };
    const { worst, ops } = difference(weighed, holds);
    expect(worst).toBeLessThan(2e-6);
    expect(ops).not.toContain('mean_pool');
  });

  test('are the largest of each column', () => {
    const most: Program = (call, { x, mask }) =>
      call('amax', call('masked_fill', x, call('eq', call('unsqueeze', mask, -1), 0), f(-1e9)), [1]);
    expect(opsOf(most, 7)).toEqual(['max_pool']);
    const kept: Program = (call, { x, mask }) => call('amax', call('where', call('unsqueeze', call('gt', mask, 0), -1), x, f(-1e9)), [1]);
    expect(opsOf(kept, 7)).toEqual(['max_pool']);
  });
});
