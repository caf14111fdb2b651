import type { Shape } from '../tensor/tensor.ts';
import type { Inferred, Op, Split } from './op.ts';
import { heldByAttention, LENGTHS, laidOut, last, need, OF_SEQUENCES, tokenRows } from './shapes.ts';

/** Sizes of attention of q over k and v of other sequences: of the same batch, each head of k and v serving `groups` of q. */
function crossed(name: string, shapes: Record<string, Shape>, { heads, groups }: Record<string, number>) {
  const { q, k, v, starts, places, key_starts, key_places, mask, bias } = shapes;
  const own = tokenRows(name, q, { starts });
  const keys = tokenRows(name, k, { starts: key_starts, ...(mask && { mask }) });
  const [width, kv_width] = [last(q), last(k)];
  need(own.batch === keys.batch, name, 'as many sequences of keys as of queries', own.batch, keys.batch);
  need(kv_width * groups === width, name, `queries of ${groups} times the width of keys`, q, k);
  need(!v || v.join() === k.join(), name, 'values like keys', v ?? k);
  need(places.join() === q.slice(0, -1).join() && key_places.join() === k.slice(0, -1).join(), name, 'a place a row', places, key_places);
  if (bias) {
    const fits = bias.length === 2 && bias[0] === heads * groups && bias[1] % 2 === 1;
    need(fits, name, `a bias [${heads * groups}, an odd number of distances]`, bias);
  }
  const reach = bias ? (bias[1] - 1) / 2 : 0;
  return { own, keys, sizes: { batch: own.batch, rows: own.rows, key_rows: keys.rows, reach, width, kv_width } };
}

function attended(name: string, shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred {
  const { keys, sizes } = crossed(name, shapes, attrs);
  const { head_dim, scratch } = heldByAttention(name, sizes.kv_width, attrs.heads, keys.longest);
  return { shape: shapes.q, ints: { ...sizes, longest: keys.longest, head_dim }, scratch };
}

function weighed(name: string, shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred {
  const { q, k, key_starts } = shapes;
  const { compact, ofRows, all } = laidOut(name, k, shapes, key_starts[0] - 1);
  const { own, keys, sizes } = crossed(name, ofRows, attrs);
  need(q.length === 3, name, 'queries [batch, sequence, hidden]', q);
  const longest = all ?? keys.longest;
  const { head_dim, scratch } = heldByAttention(name, sizes.kv_width, attrs.heads, longest);
  const shape = [own.batch, attrs.heads * attrs.groups, own.longest, longest];
  return { shape, ints: { ...sizes, queries: own.longest, longest, compact, head_dim }, scratch };
}

const flops = ({ batch, rows, key_rows, heads, groups, head_dim }: Record<string, number>): number =>
  batch === 0 ? 0 : (heads * groups * rows * key_rows * (4 * head_dim + 14)) / batch;

/** By heads of k, with the queries of each, or by sequences where these are more. */
function byGroups({ batch, heads, groups, head_dim, reach }: Record<string, number>, parts: number): Split {
  if (heads < parts && heads < batch) return { over: ['batch'], strides: { starts: 4, key_starts: 4 } };
  const [its, shared] = [4 * groups * head_dim, 4 * head_dim];
  return { over: ['heads'], strides: { out: its, q: its, k: shared, v: shared, bias: 4 * groups * (2 * reach + 1) } };
}

function byGroupWeights({ batch, heads, groups, head_dim, reach, queries, longest, compact }: Record<string, number>): Split {
  const out = 4 * groups * queries * longest;
  if (batch > 1) return { over: ['batch'], strides: { starts: 4, key_starts: 4, out: heads * out, mask: compact ? 4 * longest : 0 } };
  return { over: ['heads'], strides: { q: 4 * groups * head_dim, k: 4 * head_dim, bias: 4 * groups * (2 * reach + 1), out } };
}

const SHARED = {
  bounds: { ...OF_SEQUENCES, key_starts: ({ key_rows }) => key_rows + 1 },
  trusted: ['starts', 'key_starts'],
  flops,
} as const satisfies Partial<Op>;

const lengths = LENGTHS.starts;

/** Rows of the op table for attention over keys and values of other sequences than those of queries. */
export const CROSS = {
  /** relative_attention over keys and values of other sequences, with starts, places and a mask of their own */
  cross_attention: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', v: 'float32', mask: 'int32?', starts: 'int32', key_starts: 'int32', places: 'int32',
      key_places: 'int32', bias: 'float32?', scratch: 'scratch', batch: 'int', longest: 'int', heads: 'attr', groups: 'attr',
      head_dim: 'int', scale: 'float', before: 'attr', after: 'attr', reach: 'int', width: 'stride', kv_width: 'stride',
    },
    ...SHARED,
    steps: { starts: ({ rows }) => rows, key_starts: lengths },
    infer: (shapes, attrs) => attended('cross_attention', shapes, attrs),
    split: byGroups,
    keys: ['k', 'v', 'key_places'],
    apart: { op: 'cross_attention', queries: ['q', 'places'], sideways: true },
  },
  /** the probabilities that cross_attention uses: [batch, heads · groups, queries, keys], zeros for keys that mask rules out */
  cross_attention_weights: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', q: 'float32', k: 'float32', mask: 'int32?', starts: 'int32', key_starts: 'int32', places: 'int32',
      key_places: 'int32', bias: 'float32?', scratch: 'scratch', batch: 'int', queries: 'int', longest: 'int', compact: 'int',
      heads: 'attr', groups: 'attr', head_dim: 'int', scale: 'float', before: 'attr', after: 'attr', reach: 'int', width: 'stride',
      kv_width: 'stride',
    },
    ...SHARED,
    steps: { starts: ({ queries }) => queries, key_starts: lengths },
    infer: (shapes, attrs) => weighed('cross_attention_weights', shapes, attrs),
    split: byGroupWeights,
    keys: ['k', 'key_places'],
    asksMask: true,
  },
} as const satisfies Record<string, Op>;
