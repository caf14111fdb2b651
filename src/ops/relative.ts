import { type Shape, sameShape } from '../tensor/tensor.ts';
import type { Inferred, Op, Split } from './op.ts';
import { heldByAttention, LENGTHS, laidOut, last, need, OF_SEQUENCES, tokenRows, withLast } from './shapes.ts';

/**
 * Rules of attention by distance over q [..., heads · groups · head_dim] and k [..., heads · head_dim]; each head of k and v serves `groups`
 * of q.
 */
function related(name: string, shapes: Record<string, Shape>, { heads, groups }: Record<string, number>): Inferred {
  const { q, k, v, places, bias } = shapes;
  const { batch, rows, longest } = tokenRows(name, q, shapes);
  const [width, kv_width] = [last(q), last(k)];
  const alike = sameShape(q.slice(0, -1), k.slice(0, -1)) && (!v || sameShape(k, v));
  need(alike && kv_width * groups === width, name, `queries of ${groups} times the width of keys, and values like keys`, q, k, v ?? k);
  need(sameShape(places, q.slice(0, -1)), name, `places of shape [${q.slice(0, -1)}]`, places);
  if (bias) {
    const fits = bias.length === 2 && bias[0] === heads * groups && bias[1] % 2 === 1;
    need(fits, name, `a bias [${heads * groups}, an odd number of distances]`, bias);
  }
  const { head_dim, scratch } = heldByAttention(name, kv_width, heads, longest);
  const reach = bias ? (bias[1] - 1) / 2 : 0;
  return { shape: withLast(q, width), ints: { batch, rows, longest, head_dim, reach, width, kv_width }, scratch };
}

function relatedWeights(name: string, shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred {
  const { q, k, starts } = shapes;
  const { compact, ofRows, all } = laidOut(name, q, shapes, starts[0] - 1);
  const { ints } = related(name, ofRows, attrs);
  const longest = all ?? ints.longest;
  const { scratch } = heldByAttention(name, last(k), attrs.heads, longest);
  return { shape: [ints.batch, attrs.heads * attrs.groups, longest, longest], ints: { ...ints, longest, compact }, scratch };
}

const flops = ({ batch, rows, heads, groups, head_dim }: Record<string, number>): number =>
  batch === 0 ? 0 : (heads * groups * rows * rows * (4 * head_dim + 14)) / batch;

/** By heads of k, with the queries of each, or by sequences where these are more. */
function byGroups({ batch, heads, groups, head_dim, reach }: Record<string, number>, parts: number): Split {
  if (heads < parts && heads < batch) return { over: ['batch'], strides: { starts: 4 } };
  const [its, shared] = [4 * groups * head_dim, 4 * head_dim];
  return { over: ['heads'], strides: { out: its, q: its, k: shared, v: shared, bias: 4 * groups * (2 * reach + 1) } };
}

function byGroupWeights({ batch, heads, groups, head_dim, reach, longest, compact }: Record<string, number>): Split {
  const out = 4 * groups * longest * longest;
  if (batch > 1) return { over: ['batch'], strides: { starts: 4, out: heads * out, mask: compact ? 4 * longest : 0 } };
  return {
    over: ['heads'],
    strides: { q: 4 * groups * head_dim, k: 4 * head_dim, bias: 4 * groups * (2 * reach + 1), out },
  };
}

const SHARED = { bounds: OF_SEQUENCES, steps: LENGTHS, trusted: ['starts'], flops } as const;

/** Rows of the op table for attention whose scores depend on how far apart query and key stand. */
export const RELATIVE = {
  /** attention with keys at most `before` in front of and `after` behind a query, bias[head, distance + reach] added to scores */
  relative_attention: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', v: 'float32', mask: 'int32?', starts: 'int32', places: 'int32', bias: 'float32?',
      scratch: 'scratch', batch: 'int', longest: 'int', heads: 'attr', groups: 'attr', head_dim: 'int', scale: 'float',
      before: 'attr', after: 'attr', reach: 'int', width: 'stride', kv_width: 'stride',
    },
    ...SHARED,
    infer: (shapes, attrs) => related('relative_attention', shapes, attrs),
    split: byGroups,
    sequences: ['q', 'k', 'v', 'places'],
    apart: { op: 'cross_attention', queries: ['q', 'places'], sideways: true },
  },
  /** the probabilities that relative_attention uses, as attention_weights lays them out */
  relative_attention_weights: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', mask: 'int32?', starts: 'int32', places: 'int32', bias: 'float32?',
      scratch: 'scratch', batch: 'int', longest: 'int', compact: 'int', heads: 'attr', groups: 'attr', head_dim: 'int',
      scale: 'float', before: 'attr', after: 'attr', reach: 'int', width: 'stride', kv_width: 'stride',
    },
    ...SHARED,
    infer: (shapes, attrs) => relatedWeights('relative_attention_weights', shapes, attrs),
    split: byGroupWeights,
    sequences: ['q', 'k', 'places'],
    asksMask: true,
  },
} as const satisfies Record<string, Op>;
