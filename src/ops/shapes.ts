import { TraceletError } from '../base/error.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/tensor.ts';
import { ATTENTION_BLOCK, GROUP, INTEGER_COLS, INTEGER_ROWS, INTEGER_STRETCH, INTEGER_TILE } from './limits.ts';
import type { Inferred, Op } from './op.ts';
import { byElements, byRows } from './splits.ts';

/** What rows of the op table have in common: rules for shapes, bounds and costs. */

export const last = (shape: Shape): number => shape[shape.length - 1];

export function rowsOf(shape: Shape): number {
  let rows = 1;
  for (let i = 0; i < shape.length - 1; i++) rows *= shape[i];
  return rows;
}

/** `shape` with another last dimension. */
export function withLast(shape: Shape, size: number): Shape {
  const [...dims] = shape;
  dims.pop();
  dims.push(size);
  return dims;
}
export const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

export function need(holds: boolean, what: string, expected: string, ...got: (Shape | number)[]): void {
  if (!holds)
    throw new TraceletError('shape', { what, expected, got: got.map((g) => (typeof g === 'number' ? `${g}` : `[${g}]`)).join(' and ') });
}

/** `shape` without dimensions of 1 before others. */
function withoutOnes(shape: Shape): Shape {
  let first = 0;
  while (first < shape.length - 1 && shape[first] === 1) first++;
  return shape.slice(first);
}

/** Whether `b` is `a` or ends it, behind dimensions of 1 if any. */
export function isRepeated(a: Shape, b: Shape): boolean {
  const own = withoutOnes(b);
  return b.length <= a.length && sameShape(a.slice(a.length - own.length), own);
}

/** a op b, where b has a's shape or a suffix of it, behind dimensions of 1 if any. */
export function arithmetic(name: string): Op {
  return {
    args: { out: 'out', a: 'float32', b: 'float32', n: 'int', period: 'int' },
    infer: ({ a, b }) => {
      need(isRepeated(a, b), name, 'a second operand whose shape ends the first one’s', a, b);
      return { shape: a, ints: { n: sizeOf(a), period: sizeOf(b) } };
    },
    flops: ({ n }) => n,
    split: ({ n, period }) => (n === period ? { ...byElements('a', 'b'), over: ['n', 'period'] } : { ...byElements('a'), step: period }),
    rowwise: ['a', 'b'],
    inPlace: 'a',
    general: { op: 'binary', function: name },
  };
}

export function elementwise(flops: number, epilogue?: number): Op {
  return {
    args: { out: 'out', x: 'float32', n: 'int' },
    infer: ({ x }) => ({ shape: x, ints: { n: sizeOf(x) } }),
    flops: ({ n }) => flops * n,
    split: () => byElements('x'),
    rowwise: ['x'],
    inPlace: 'x',
    epilogue,
  };
}

export function rowwise(name: string, flops: number): Op {
  return {
    args: { out: 'out', x: 'float32', rows: 'int', cols: 'int' },
    infer: ({ x }) => {
      need(x.length >= 1, name, 'at least one dimension', x);
      return { shape: x, ints: { rows: rowsOf(x), cols: last(x) } };
    },
    flops: ({ rows, cols }) => flops * rows * cols,
    split: byRows('x'),
    rowwise: ['x'],
    inPlace: 'x',
  };
}

export function lookup(name: string, { ids, table }: Record<string, Shape>): Inferred {
  need(table.length === 2, name, 'a table [vocabulary, hidden]', table);
  return { shape: [...ids, table[1]], ints: { rows: sizeOf(ids), cols: table[1], vocab: table[0] } };
}

/** Σ 127 · 64 over a row fits int32 with room to spare. */
const MOST_COLUMNS = 1 << 17;

export const stretchesOf = (k: number): number => Math.ceil(k / INTEGER_STRETCH);

/** Rules of an integer product of x [..., k] with n rows of weights; `unpacks` says that they are unpacked on the way. */
function integerLinear(name: string, shapes: Record<string, Shape>, unpacks: boolean): Inferred {
  const { x, scale, sums, smooth, bias } = shapes;
  const [n] = scale;
  const k = last(x);
  need(x.length > 0 && k <= MOST_COLUMNS, name, `x of at most ${MOST_COLUMNS} columns`, x);
  need(
    scale.length === 1 && sameShape(sums, [stretchesOf(k), n]),
    name,
    `a scale a row and sums of shape [${stretchesOf(k)}, ${n}]`,
    scale,
    sums,
  );
  if (smooth) need(sameShape(smooth, [k]), name, `a smooth of shape [${k}]`, smooth);
  if (bias) need(sameShape(bias, scale), name, `a bias of shape [${n}]`, bias);
  const m = rowsOf(x);
  const held = Math.min(m, INTEGER_ROWS) * (2 * INTEGER_STRETCH + 8);
  const unpacked = unpacks ? INTEGER_COLS * INTEGER_STRETCH : 0;
  return { shape: withLast(x, n), ints: { m, n, k, width: n }, scratch: held + 4 * INTEGER_TILE * INTEGER_COLS + unpacked };
}

/** A rows4 weight for n rows of k, and its steps. */
function needNibbles(name: string, weight: Shape, steps: Shape, n: number, k: number): void {
  need(k % GROUP === 0, name, `rows of whole groups of ${GROUP}`, k);
  need(sameShape(weight, [n, k / 2]), name, `nibbles of shape [${n}, ${k / 2}]`, weight);
  need(sameShape(steps, [n, k / GROUP]), name, `steps of shape [${n}, ${k / GROUP}]`, steps);
}

export const BELOW_VOCAB = { ids: ({ vocab }: Record<string, number>) => vocab };
export const OF_SEQUENCES = {
  mask: () => 2,
  starts: ({ rows }: Record<string, number>) => rows + 1,
};
export const LENGTHS = { starts: ({ longest }: Record<string, number>) => longest };

/** Rows of tokens: [batch, sequence, …] where each has one, or [rows, …] of sequences that only `starts` tells apart. */
export function tokenRows(name: string, x: Shape, { mask, starts }: Record<string, Shape>): Record<'batch' | 'rows' | 'longest', number> {
  need(starts.length === 1 && starts[0] > 0, name, 'starts of shape [batch + 1]', starts);
  const batch = starts[0] - 1;
  if (x.length === 2) {
    if (mask) need(sameShape(mask, x.slice(0, 1)), name, `a mask of shape [${x[0]}]`, mask);
    return { batch, rows: x[0], longest: x[0] };
  }
  need(x.length === 3, name, 'activations [batch, sequence, hidden] or [rows, hidden]', x);
  need(batch === x[0], name, `starts of shape [${x[0] + 1}]`, starts);
  if (mask) need(sameShape(mask, x.slice(0, 2)), name, `a mask of shape [${x.slice(0, 2)}]`, mask);
  return { batch, rows: batch * x[1], longest: x[1] };
}

/**
 * Dimensions shared by the attention kernels: `hidden` numbers a row of x ([batch, sequence, …] or [rows, …]) belong to queries alone.
 * Scratch holds one head's keys and values in panels of 8 and the scores of one block of queries.
 */
function attended(name: string, x: Shape, hidden: number, operands: Record<string, Shape>, { heads }: Record<string, number>): Inferred {
  const { batch, rows, longest } = tokenRows(name, x, operands);
  const { head_dim, scratch } = heldByAttention(name, hidden, heads, longest);
  return { shape: withLast(x, hidden), ints: { batch, rows, longest, head_dim, width: hidden }, scratch };
}

/** The size of a head, and bytes of scratch for sequences of at most `longest` rows. */
export function heldByAttention(name: string, hidden: number, heads: number, longest: number): { head_dim: number; scratch: number } {
  need(heads > 0 && hidden % heads === 0, name, `heads that divide the hidden size ${hidden}`, heads);
  const head_dim = hidden / heads;
  const keys = roundUp(longest, 8) * head_dim;
  const values = longest * roundUp(head_dim, 8);
  const scores = ATTENTION_BLOCK * roundUp(longest, 8);
  return { head_dim, scratch: 4 * (keys + values + scores) };
}

/** Sequences are taken to be of one length. */
export const attentionFlops = ({ batch, rows, heads, head_dim }: Record<string, number>): number =>
  batch === 0 ? 0 : (heads * rows * rows * (4 * head_dim + 10)) / batch;

/** Rules of a view with four dimensions and strides of x. */
export function stridden(x: Shape, { offset, d0, d1, d2, d3, s0, s1, s2, s3 }: Record<string, number>): Inferred {
  const dims = [d0, d1, d2, d3];
  const strides = [s0, s1, s2, s3];
  const furthest = dims.reduce((at, dim, i) => at + (dim - 1) * strides[i], offset);
  need(Math.min(offset, ...dims.map((d) => d - 1), ...strides) >= 0 && furthest < sizeOf(x), 'strided', `elements within [${x}]`, furthest);
  return { shape: dims, ints: {} };
}

/** The shape of x, to which rows of shape `per` are added. */
export function added(name: string, x: Shape, per: Shape): Shape {
  need(sameShape(x.slice(x.length - per.length), per) && sizeOf(x) === sizeOf(per), name, `x of shape [${per}]`, x);
  return x;
}

/** Rules of a lookup that is added to x. */
export function lookupAdded({ x, ids, table }: Record<string, Shape>): Inferred {
  const inferred = lookup('embedding_add', { ids, table });
  return { ...inferred, shape: added('embedding_add', x, inferred.shape) };
}

/** Rules of a lookup in a table with a scale a row. */
export function lookupScaled({ ids, table, scale }: Record<string, Shape>): Inferred {
  const inferred = lookup('embedding_i8', { ids, table });
  need(sameShape(scale, [table[0]]), 'embedding_i8', `a scale of shape [${table[0]}]`, scale);
  return inferred;
}

/** Rules of a lookup in a table of nibbles. */
export function lookupNibbles({ ids, table, steps, scale }: Record<string, Shape>): Inferred {
  need(table.length === 2 && scale.length === 1, 'embedding_i4', 'a table of nibbles and a scale a row', table, scale);
  const [vocab, cols] = [scale[0], 2 * table[1]];
  needNibbles('embedding_i4', table, steps, vocab, cols);
  return { shape: [...ids, cols], ints: { rows: sizeOf(ids), cols, vocab }, scratch: cols };
}

/** Rules of attention over queries, keys and values of their own. */
export function attendedApart(shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred {
  const { q, k, v } = shapes;
  need(sameShape(q, k) && sameShape(q, v), 'attention', 'queries, keys and values of one shape', q, k, v);
  return attended('attention', q, last(q), shapes, attrs);
}

/** Rules of attention over queries, keys and values side by side. */
export function attendedTogether(shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred {
  need(last(shapes.qkv) % 3 === 0, 'attention_qkv', 'queries, keys and values side by side', shapes.qkv);
  return attended('attention_qkv', shapes.qkv, last(shapes.qkv) / 3, shapes, attrs);
}

/**
 * How the probabilities of keys are laid out: where `rows` are those of some tokens alone (`compact`), mask is that of all tokens and not of the rows.
 * Answers the shapes of the operands that are of rows, and how many tokens a sequence has where mask says it.
 */
export function laidOut(name: string, rows: Shape, shapes: Record<string, Shape>, batch: number) {
  if (rows.length !== 2) return { compact: 0, ofRows: shapes };
  const { mask, ...ofRows } = shapes;
  need(mask?.length === 2 && mask[0] === batch, name, 'the mask of all tokens beside rows', mask ?? []);
  return { compact: 1, ofRows, all: mask[1] };
}

/** Rules of what attention makes of queries and keys. */
export function attendedWeights(name: string, shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred {
  const { q, k, starts } = shapes;
  need(sameShape(q, k), name, 'queries and keys of one shape', q, k);
  const { compact, ofRows, all } = laidOut(name, q, shapes, starts[0] - 1);
  const { ints } = attended(name, q, last(q), ofRows, attrs);
  const longest = all ?? ints.longest;
  const { scratch } = heldByAttention(name, last(q), attrs.heads, longest);
  return { shape: [ints.batch, attrs.heads, longest, longest], ints: { ...ints, longest, compact }, scratch };
}

/** Rules of rows of a and b beside one another. */
export function joined({ a, b }: Record<string, Shape>): Inferred {
  need(a.length === b.length && sameShape(a.slice(0, -1), b.slice(0, -1)), 'concat', 'operands equal but for the last dimension', a, b);
  return { shape: withLast(a, last(a) + last(b)), ints: { rows: rowsOf(a), a_cols: last(a), b_cols: last(b) } };
}

/** Rules of rows put back among all tokens. */
export function scattered({ x, index }: Record<string, Shape>, { batch, sequence }: Record<string, number>): Inferred {
  need(x.length > 0 && sameShape(index, x.slice(0, 1)), 'scatter', 'an index for each row', x, index);
  const shape = [batch, sequence, ...x.slice(1)];
  return { shape, ints: { rows: x[0], cols: sizeOf(x.slice(1)), total: batch * sequence } };
}

/** Rules of a product of x [..., k] with a weight [n, k]. */
export function multiplied({ x, weight, bias }: Record<string, Shape>): Inferred {
  need(weight.length === 2 && last(x) === weight[1], 'linear', `a weight [out, ${last(x)}] for x [${x}]`, weight);
  if (bias) need(sameShape(bias, [weight[0]]), 'linear', `a bias of shape [${weight[0]}]`, bias);
  return { shape: withLast(x, weight[0]), ints: { m: rowsOf(x), n: weight[0], k: weight[1], width: weight[0] } };
}

/** Rules of products of matrices a [..., m, k] and b [..., k, n], or of all rows of a with one b [k, n]. */
export function multipliedBatches({ a, b }: Record<string, Shape>): Inferred {
  const rank = b.length;
  const shared = rank === 2;
  const fits =
    a.length >= 2 && (shared || rank === a.length) && last(a) === b[rank - 2] && (shared || sameShape(a.slice(0, -2), b.slice(0, -2)));
  need(fits, 'matmul', 'a [..., m, k] and b [..., k, n] or [k, n]', a, b);
  const [n, k] = [last(b), last(a)];
  const batch = shared ? 1 : sizeOf(a.slice(0, -2));
  const m = shared ? rowsOf(a) : a[a.length - 2];
  return { shape: withLast(a, n), ints: { batch, m, n, k }, scratch: 4 * roundUp(n, 8) * k };
}

/** Rules of what answers one number for each row of x. */
export function reduced(name: string, { x }: Record<string, Shape>): Inferred {
  need(x.length > 0 && last(x) > 0, name, 'rows of at least one element', x);
  return { shape: x.slice(0, -1), ints: { rows: rowsOf(x), cols: last(x) } };
}

/** Rules of a product in integers with weights of eight bits. */
export function multipliedBytes(shapes: Record<string, Shape>): Inferred {
  const inferred = integerLinear('linear_i8', shapes, false);
  const { n, k } = inferred.ints;
  need(sameShape(shapes.weight, [n, k]), 'linear_i8', `a weight of shape [${n}, ${k}]`, shapes.weight);
  return inferred;
}

/** Rules of a product in integers with weights of four bits. */
export function multipliedNibbles(shapes: Record<string, Shape>): Inferred {
  const inferred = integerLinear('linear_i4', shapes, true);
  needNibbles('linear_i4', shapes.weight, shapes.steps, inferred.ints.n, inferred.ints.k);
  return inferred;
}
