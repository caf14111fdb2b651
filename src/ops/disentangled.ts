import { type Shape, sameShape } from '../tensor/tensor.ts';
import { ATTENTION_BLOCK } from './limits.ts';
import type { Inferred, Op, Split } from './op.ts';
import { heldByAttention, LENGTHS, laidOut, last, need, OF_SEQUENCES, roundUp, tokenRows, withLast } from './shapes.ts';
import { byHeads, byWeights } from './splits.ts';

/** Rules of attention with tables [2 · reach + 1, hidden] by distance over q, k and v [..., hidden]. */
function disentangled(name: string, shapes: Record<string, Shape>, { heads }: Record<string, number>, all?: number): Inferred {
  const { q, k, v, places, pos_key, pos_query } = shapes;
  const { batch, rows, longest } = tokenRows(name, q, shapes);
  need(sameShape(q, k) && (!v || sameShape(q, v)), name, 'queries, keys and values of one shape', q, k, v ?? k);
  need(sameShape(places, q.slice(0, -1)), name, `places of shape [${q.slice(0, -1)}]`, places);
  const tables = [pos_key, pos_query].filter((table) => table !== undefined);
  for (const table of tables) {
    const fits = table.length === 2 && table[1] === last(q) && table[0] % 2 === 1 && table[0] === tables[0][0];
    need(fits, name, `tables [an odd number of distances, ${last(q)}] of one size`, ...tables);
  }
  const reach = tables.length > 0 ? (tables[0][0] - 1) / 2 : 0;
  const { head_dim, scratch } = heldByAttention(name, last(q), heads, all ?? longest);
  const held = 4 * tables.length * roundUp(2 * reach + 1, 8) * (head_dim + ATTENTION_BLOCK);
  const ints = { batch, rows, longest: all ?? longest, head_dim, reach, width: last(q), tables: tables.length };
  return { shape: withLast(q, last(q)), ints, scratch: scratch + held };
}

function disentangledWeights(name: string, shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred {
  const { compact, ofRows, all } = laidOut(name, shapes.q, shapes, shapes.starts[0] - 1);
  const { ints, scratch } = disentangled(name, ofRows, attrs, all);
  return { shape: [ints.batch, attrs.heads, ints.longest, ints.longest], ints: { ...ints, compact }, scratch };
}

const flops = ({ batch, rows, heads, head_dim, tables }: Record<string, number>): number =>
  batch === 0 ? 0 : (heads * rows * rows * ((4 + 4 * tables) * head_dim + 10 + tables)) / batch;

/** The tables are split as rows are where heads are. */
const withTables = (split: Split, { head_dim }: Record<string, number>): Split =>
  split.over[0] === 'heads' ? { ...split, strides: { ...split.strides, pos_key: 4 * head_dim, pos_query: 4 * head_dim } } : split;

const SHARED = { bounds: OF_SEQUENCES, steps: LENGTHS, trusted: ['starts'], flops } as const;

/** Rows of the op table for attention with terms of queries and of keys by how far these stand apart. */
export const DISENTANGLED = {
  /** attention with q · pos_key[distance + reach] and k · pos_query[distance + reach] added to q · k; queries where mask is 0 weigh all alike */
  disentangled_attention: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', v: 'float32', pos_key: 'float32?', pos_query: 'float32?', mask: 'int32?',
      starts: 'int32', places: 'int32', scratch: 'scratch', batch: 'int', longest: 'int', heads: 'attr', head_dim: 'int',
      scale: 'float', reach: 'int', width: 'stride',
    },
    ...SHARED,
    infer: (shapes, attrs) => disentangled('disentangled_attention', shapes, attrs),
    split: (ints, parts) => withTables(byHeads('q', 'k', 'v')(ints, parts), ints),
    sequences: ['q', 'k', 'v', 'places'],
  },
  /** the probabilities that disentangled_attention uses, as attention_weights lays them out */
  disentangled_attention_weights: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', pos_key: 'float32?', pos_query: 'float32?', mask: 'int32?', starts: 'int32',
      places: 'int32', scratch: 'scratch', batch: 'int', longest: 'int', compact: 'int', heads: 'attr', head_dim: 'int',
      scale: 'float', reach: 'int', width: 'stride',
    },
    ...SHARED,
    infer: (shapes, attrs) => disentangledWeights('disentangled_attention_weights', shapes, attrs),
    split: (ints) => withTables(byWeights(ints), ints),
    sequences: ['q', 'k', 'places'],
    asksMask: true,
  },
} as const satisfies Record<string, Op>;
