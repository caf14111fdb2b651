import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Call, difference, f, floats, type Holds, type Program, type Value, whole } from '../support/atenprograms.ts';

/** How a program spells attention: each choice leaves its meaning as it is. */
interface Spelling {
  /** How heads come to stand before the sequence. */
  heads: 'permute' | 'transpose';
  /** Where scores are scaled. */
  scale: 'scores' | 'query' | 'divide' | 'key';
  /** How keys are turned round. */
  keys: 'last' | 'order';
  mask: 'none' | 'add' | 'add first' | 'fill' | 'where';
  causal: boolean;
  product: 'matmul' | 'bmm' | 'sdpa';
  /** Ops that change nothing. */
  spare: boolean;
  back: 'permute' | 'transpose';
  joined: boolean;
}

const SPELLING: fc.Arbitrary<Spelling> = fc.record({
  heads: fc.constantFrom('permute', 'transpose'),
  scale: fc.constantFrom('scores', 'query', 'divide', 'key'),
  keys: fc.constantFrom('last', 'order'),
  mask: fc.constantFrom('none', 'add', 'add first', 'fill', 'where'),
  causal: fc.boolean(),
  product: fc.constantFrom('matmul', 'bmm', 'sdpa'),
  spare: fc.boolean(),
  back: fc.constantFrom('permute', 'transpose'),
  joined: fc.boolean(),
});

interface Sizes {
  batch: number;
  sequence: number;
  heads: number;
  dim: number;
}

const SIZES: fc.Arbitrary<Sizes> = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  sequence: fc.integer({ min: 1, max: 6 }),
  heads: fc.integer({ min: 1, max: 3 }),
  dim: fc.constantFrom(2, 4),
});

/** How a program goes wrong in a way that looks right. */
type Miss = 'mask on queries' | 'heads swapped' | 'key not turned' | 'half a mask' | 'softmax over queries';

const LOWEST = -3.4028234663852886e38;

function attention(spelling: Spelling, sizes: Sizes, miss?: Miss): Program {
  const { batch, sequence, heads, dim } = sizes;
  const width = heads * dim;
  return (call, { x, mask, ...weights }) => {
    const product = spelling.mask === 'none' && spelling.product === 'sdpa' ? 'sdpa' : spelling.product === 'bmm' ? 'bmm' : 'matmul';
    const spare = (value: Value): Value => (spelling.spare ? call('slice', call('contiguous', value), 0, 0, 2 ** 63, 1) : value);
    const split = (value: Value): Value => {
      const rows = call('view', value, [batch, sequence, heads, dim]);
      return spelling.heads === 'permute' ? call('permute', rows, [0, 2, 1, 3]) : call('transpose', rows, 1, 2);
    };
    const joined = spelling.joined ? call('linear', x, weights.qkv, null) : undefined;
    const part = (i: number, name: string): Value =>
      spelling.joined ? call('slice', joined, 2, i * width, (i + 1) * width, 1) : call('linear', x, weights[name], weights[`${name}_bias`]);
    const [q, k, v] = [part(0, 'q'), part(1, 'k'), part(2, 'v')].map(split);
    const scaled = (value: Value): Value => call('mul', value, f(1 / Math.sqrt(dim)));
    const turned = (value: Value): Value => {
      if (miss === 'key not turned' && sequence === dim) return value;
      return spelling.keys === 'last' ? call('transpose', value, -1, -2) : call('permute', value, [0, 1, 3, 2]);
    };
    let context: Value;
    if (product === 'sdpa' && !miss) {
      context = call('matmul', call('softmax', scaled(call('matmul', q, turned(k))), -1), v);
    } else {
      const query = spelling.scale === 'query' ? scaled(q) : q;
      const key = turned(spelling.scale === 'key' ? scaled(k) : k);
      let scores = product === 'bmm' ? merged(call, query, key, sizes) : call('matmul', query, key);
      if (spelling.scale === 'scores') scores = scaled(scores);
      if (spelling.scale === 'divide') scores = call('div', scores, f(Math.sqrt(dim)));
      scores = masked(call, scores, mask, spelling, sizes, miss);
      const p = spare(call('dropout', call('softmax', scores, miss === 'softmax over queries' ? -2 : -1), 0.1, false));
      context = call('matmul', p, miss === 'heads swapped' ? flipped(call, v, heads) : v);
    }
    const back = spelling.back === 'permute' ? call('permute', context, [0, 2, 1, 3]) : call('transpose', context, 1, 2);
    return call('reshape', spare(back), [batch, sequence, width]);
  };
}

/** Heads in another order than queries have them. */
const flipped = (call: Call, v: Value, heads: number): Value =>
  call('cat', [call('slice', v, 1, 1, heads, 1), call('slice', v, 1, 0, 1, 1)], 1);

/** The product with batch and heads as one dimension. */
function merged(call: Call, q: Value, k: Value, { batch, sequence, heads, dim }: Sizes): Value {
  const [a, b] = [call('reshape', q, [batch * heads, sequence, dim]), call('reshape', k, [batch * heads, dim, sequence])];
  return call('view', call('bmm', a, b), [batch, heads, sequence, sequence]);
}

function masked(call: Call, scores: Value, mask: Value, spelling: Spelling, { batch, sequence }: Sizes, miss?: Miss): Value {
  const shape = miss === 'mask on queries' ? [batch, 1, sequence, 1] : [batch, 1, 1, sequence];
  const seen = call('view', mask, shape);
  const low = miss === 'half a mask' ? -1 : LOWEST;
  const added = (): Value => call('mul', call('rsub', call('to', seen, 6), f(1)), f(low));
  let masks = scores;
  if (spelling.causal) {
    const [keys, queries] = [call('arange', sequence), call('unsqueeze', call('arange', sequence), 1)];
    masks = call('where', call('le', keys, queries), masks, f(LOWEST));
  }
  if (spelling.mask === 'add') return call('add', masks, added());
  if (spelling.mask === 'add first') return call('add', added(), masks);
  if (spelling.mask === 'fill') return call('masked_fill', masks, call('eq', seen, 0), f(low));
  return spelling.mask === 'where' ? call('where', call('gt', seen, 0), masks, f(low)) : masks;
}

function holds({ batch, sequence, heads, dim }: Sizes, seed: number, lengths: readonly number[]): Holds {
  const width = heads * dim;
  const weight = (i: number) => floats([width, width], seed + i);
  const bits = lengths.flatMap((length) => Array.from({ length: sequence }, (_, i) => Number(i < length)));
  return {
    inputs: { x: floats([batch, sequence, width], seed), mask: whole([batch, sequence], bits) },
    weights: {
      ...{ q: weight(1), k: weight(2), v: weight(3), qkv: floats([3 * width, width], seed + 4) },
      ...{ q_bias: floats([width], seed + 5), k_bias: floats([width], seed + 6), v_bias: floats([width], seed + 7) },
    },
  };
}

const lengthsOf = ({ batch, sequence }: Sizes, seed: number): number[] =>
  Array.from({ length: batch }, (_, i) => 1 + ((seed + 3 * i) % sequence));

describe('attention', () => {
  test('is one op however it is spelled, and right', () => {
    fc.assert(
      fc.property(SPELLING, SIZES, fc.integer({ min: 0, max: 1000 }), (spelling, sizes, seed) => {
        const { worst, ops } = difference(attention(spelling, sizes), holds(sizes, seed, lengthsOf(sizes, seed)));
        expect(worst).toBeLessThan(2e-6);
        const cores = ops.filter((op) => op.endsWith('attention'));
        const isCausal = spelling.causal && spelling.mask !== 'none' ? true : spelling.causal && spelling.product !== 'sdpa';
        expect(cores).toEqual([isCausal ? 'relative_attention' : 'attention']);
        expect(ops).not.toContain('softmax');
      }),
    );
  });

  test('is not found where something else is meant', () => {
    const misses = fc.constantFrom<Miss>('mask on queries', 'heads swapped', 'key not turned', 'half a mask', 'softmax over queries');
    fc.assert(
      fc.property(SPELLING, SIZES, misses, fc.integer({ min: 0, max: 1000 }), (given, some, miss, seed) => {
        const sizes = {
          ...some,
          sequence: miss === 'key not turned' ? some.dim : Math.max(2, some.sequence),
          heads: Math.max(2, some.heads),
        };
        const spelling = { ...given, mask: given.mask === 'none' ? 'add' : given.mask, product: 'matmul' } as const;
        const { worst, ops } = difference(attention(spelling, sizes, miss), holds(sizes, seed, lengthsOf(sizes, seed)));
        expect(worst).toBeLessThan(2e-6);
        if (miss !== 'heads swapped' && miss !== 'key not turned') expect(ops).toContain('softmax');
      }),
    );
  });
});
