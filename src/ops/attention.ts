import { MAX_SIZE } from '../base/schema.ts';
import type { Op } from './op.ts';
import { attendedApart, attendedTogether, attendedWeights, attentionFlops, LENGTHS, OF_SEQUENCES } from './shapes.ts';
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
} as const satisfies Omit<Op, 'infer' | 'doc'>;

/** Rows of the op table for attention whose scores are those of queries and keys alone. */
export const ATTENTION = {
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
    apart: { op: 'cross_attention', queries: ['q'], attrs: { groups: 1, before: MAX_SIZE, after: MAX_SIZE } },
    bounds: OF_SEQUENCES,
    steps: LENGTHS,
    trusted: ['starts'],
    doc: 'out = softmax(q · kᵀ · scale) · v by head and sequence; keys where mask is 0 are left out',
  },
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
    doc: 'attention with queries, keys and values side by side in each row of qkv',
  },
  attention_weights: {
    ...ATTENDED,
    infer: (shapes, attrs) => attendedWeights('attention_weights', shapes, attrs),
    doc: 'out[b, h] = softmax(q · kᵀ · scale), the probabilities that attention uses; zeros where rows of tokens that mask rules out are missing',
  },
  attention_scores: {
    ...ATTENDED,
    infer: (shapes, attrs) => attendedWeights('attention_scores', shapes, attrs),
    doc: 'out[b, h] = q · kᵀ · scale, of which attention takes the softmax; the lowest float32 where keys are left out, zeros where queries are',
  },
} as const satisfies Record<string, Op>;
