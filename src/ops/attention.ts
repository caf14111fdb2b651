import { type Shape, sameShape } from '../tensor/tensor.ts';
import type { Inferred, Op, Split } from './op.ts';
import {
  attendedApart,
  attendedTogether,
  attendedWeights,
  attentionFlops,
  heldByAttention,
  LENGTHS,
  last,
  need,
  OF_SEQUENCES,
  tokenRows,
} from './shapes.ts';
import { byHeads, byWeights } from './splits.ts';

/** What rows of queries by keys have in common. */
const ATTENDED = {
  // biome-ignore format: a kernel's parameters in one row
  args: {
    out: 'out', q: 'float32', k: 'float32', mask: 'int32?', starts: 'int32', scratch: 'scratch', batch: 'int',
    longest: 'int', compact: 'int', heads: 'attr', head_dim: 'int', scale: 'float', width: 'stride',
  },
  flops: ({ batch, rows, heads, head_dim }) => (batch === 0 ? 0 : (heads * rows * rows * (2 * head_dim + 10)) / batch),
  split: byWeights,
  sequences: ['q', 'k'],
  asksMask: true,
  bounds: OF_SEQUENCES,
  steps: LENGTHS,
  trusted: ['starts'],
} as const satisfies Omit<Op, 'infer'>;

/** Rules of attention over keys and values of other sequences. */
function apart(shapes: Record<string, Shape>, { heads }: Record<string, number>): Inferred {
  const { q, k, v, mask, starts, key_starts } = shapes;
  const own = tokenRows('attention_apart', q, { starts });
  const keys = tokenRows('attention_apart', k, { starts: key_starts, ...(mask && { mask }) });
  const width = last(q);
  need(own.batch === keys.batch, 'attention_apart', 'as many sequences of keys as of queries', own.batch, keys.batch);
  need(sameShape(k, v) && last(k) === width, 'attention_apart', 'keys as wide as queries, and values like keys', q, k, v);
  const { head_dim, scratch } = heldByAttention('attention_apart', width, heads, keys.longest);
  const { batch, rows } = own;
  return { shape: q, ints: { batch, rows, key_rows: keys.rows, longest: keys.longest, head_dim, width }, scratch };
}

function apartByHeads(ints: Record<string, number>, parts: number): Split {
  const split = byHeads('q', 'k', 'v')(ints, parts);
  return split.over[0] === 'batch' ? { ...split, strides: { starts: 4, key_starts: 4 } } : split;
}

/** Rows of the op table for attention whose scores are those of queries and keys alone. */
export const ATTENTION = {
  /** out = softmax(q · kᵀ · scale) · v by head and sequence; keys where mask is 0 are left out */
  attention: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', v: 'float32', mask: 'int32?', starts: 'int32', scratch: 'scratch',
      batch: 'int', longest: 'int', heads: 'attr', head_dim: 'int', scale: 'float', width: 'stride',
    },
    infer: attendedApart,
    flops: attentionFlops,
    split: byHeads('q', 'k', 'v'),
    sequences: ['q', 'k', 'v'],
    apart: { op: 'attention_apart', queries: ['q'] },
    bounds: OF_SEQUENCES,
    steps: LENGTHS,
    trusted: ['starts'],
  },
  /** attention over keys and values of other sequences, with starts and a mask of their own */
  attention_apart: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', v: 'float32', mask: 'int32?', starts: 'int32', key_starts: 'int32', scratch: 'scratch',
      batch: 'int', longest: 'int', heads: 'attr', head_dim: 'int', scale: 'float', width: 'stride',
    },
    infer: apart,
    flops: ({ batch, rows, key_rows, heads, head_dim }) => (batch === 0 ? 0 : (heads * rows * key_rows * (4 * head_dim + 10)) / batch),
    split: apartByHeads,
    keys: ['k', 'v'],
    apart: { op: 'attention_apart', queries: ['q'] },
    bounds: { ...OF_SEQUENCES, key_starts: ({ key_rows }) => key_rows + 1 },
    steps: { starts: ({ rows }) => rows, key_starts: LENGTHS.starts },
    trusted: ['starts', 'key_starts'],
  },
  /** attention with queries, keys and values side by side in each row of qkv */
  attention_qkv: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', qkv: 'float32', mask: 'int32?', starts: 'int32', scratch: 'scratch', batch: 'int', longest: 'int',
      heads: 'attr', head_dim: 'int', scale: 'float', width: 'stride',
    },
    infer: attendedTogether,
    flops: attentionFlops,
    split: byHeads('qkv'),
    sequences: ['qkv'],
    bounds: OF_SEQUENCES,
    steps: LENGTHS,
    trusted: ['starts'],
  },
  /** out[b, h] = softmax(q · kᵀ · scale), the probabilities that attention uses; zeros where rows of tokens that mask rules out are missing */
  attention_weights: {
    ...ATTENDED,
    infer: (shapes, attrs) => attendedWeights('attention_weights', shapes, attrs),
  },
  /** out[b, h] = q · kᵀ · scale, of which attention takes the softmax; the lowest float32 where keys are left out, zeros where queries are */
  attention_scores: {
    ...ATTENDED,
    infer: (shapes, attrs) => attendedWeights('attention_scores', shapes, attrs),
  },
} as const satisfies Record<string, Op>;
