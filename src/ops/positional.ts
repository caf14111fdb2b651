import { type Shape, sameShape } from '../tensor/tensor.ts';
import { ATTENTION_BLOCK } from './limits.ts';
import type { Inferred, Op, Split } from './op.ts';
import { heldByAttention, LENGTHS, laidOut, last, need, OF_SEQUENCES, roundUp, tokenRows, withLast } from './shapes.ts';
import { byHeads, byWeights } from './splits.ts';

/** Rules of attention with a table [2 · reach + 1, hidden] by distance and what is added for keys of a type, over q, k, v and q_pos [..., hidden]. */
function positional(name: string, shapes: Record<string, Shape>, { heads }: Record<string, number>, all?: number): Inferred {
  const { q, k, v = q, q_pos, pos, types, same, places } = shapes;
  const { batch, rows, longest } = tokenRows(name, q, shapes);
  const alike = [k, v, q_pos].every((each) => sameShape(q, each));
  need(alike, name, 'queries of content and of place, keys and values of one shape', q, q_pos, k, v);
  const lead = q.slice(0, -1);
  need(sameShape(places, lead), name, `places of shape [${lead}]`, places);
  need(pos.length === 2 && pos[1] === last(q) && pos[0] % 2 === 1, name, `a table [an odd number of distances, ${last(q)}]`, pos);
  need(sameShape(types, lead) && sameShape(same, [...lead, heads]), name, `types [${lead}] and [${lead},${heads}]`, types, same);
  const reach = (pos[0] - 1) / 2;
  const { head_dim, scratch } = heldByAttention(name, last(q), heads, all ?? longest);
  const held = 4 * roundUp(2 * reach + 1, 8) * (head_dim + ATTENTION_BLOCK);
  const ints = { batch, rows, longest: all ?? longest, head_dim, reach, width: last(q), same_width: heads };
  return { shape: withLast(q, last(q)), ints, scratch: scratch + held };
}

function positionalWeights(name: string, shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred {
  const { compact, ofRows, all } = laidOut(name, shapes.q, shapes, shapes.starts[0] - 1);
  const { ints, scratch } = positional(name, ofRows, attrs, all);
  return { shape: [ints.batch, attrs.heads, ints.longest, ints.longest], ints: { ...ints, compact }, scratch };
}

const flops = ({ batch, rows, heads, head_dim }: Record<string, number>): number =>
  batch === 0 ? 0 : (heads * rows * rows * (8 * head_dim + 16)) / batch;

/** The table and what is added for types are split as heads are. */
const withTable = (split: Split, { head_dim }: Record<string, number>): Split =>
  split.over[0] === 'heads' ? { ...split, strides: { ...split.strides, q_pos: 4 * head_dim, pos: 4 * head_dim, same: 4 } } : split;

const SHARED = { bounds: OF_SEQUENCES, steps: LENGTHS, trusted: ['starts'], flops } as const;

/** Rows of the op table for attention with scores of content, of place and of type. */
export const POSITIONAL = {
  /** relative_attention with q_pos · pos[distance + reach] added to q · k, and same[query] for keys of its type; a query sees its own key */
  positional_attention: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', v: 'float32', q_pos: 'float32', pos: 'float32', types: 'int32', same: 'float32',
      mask: 'int32?', starts: 'int32', places: 'int32', scratch: 'scratch', batch: 'int', longest: 'int', heads: 'attr',
      head_dim: 'int', scale: 'float', before: 'attr', after: 'attr', reach: 'int', width: 'stride', same_width: 'stride',
    },
    ...SHARED,
    infer: (shapes, attrs) => positional('positional_attention', shapes, attrs),
    split: (ints, parts) => withTable(byHeads('q', 'k', 'v')(ints, parts), ints),
    sequences: ['q', 'k', 'v', 'q_pos', 'types', 'same', 'places'],
  },
  /** the probabilities that positional_attention uses, as attention_weights lays them out */
  positional_attention_weights: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', q_pos: 'float32', pos: 'float32', types: 'int32', same: 'float32', mask: 'int32?',
      starts: 'int32', places: 'int32', scratch: 'scratch', batch: 'int', longest: 'int', compact: 'int', heads: 'attr',
      head_dim: 'int', scale: 'float', before: 'attr', after: 'attr', reach: 'int', width: 'stride', same_width: 'stride',
    },
    ...SHARED,
    infer: (shapes, attrs) => positionalWeights('positional_attention_weights', shapes, attrs),
    split: (ints) => withTable(byWeights(ints), ints),
    sequences: ['q', 'k', 'q_pos', 'types', 'same', 'places'],
    asksMask: true,
  },
} as const satisfies Record<string, Op>;
