import { TraceletError } from './error.ts';
import type { Inferred, Row } from './op.ts';
import { byElements, byRows } from './splits.ts';
import { type Shape, sameShape, sizeOf } from './tensor.ts';

/** What rows of the op table have in common: rules for shapes, bounds and costs. */

export const last = (shape: Shape): number => shape[shape.length - 1];
export const rowsOf = (shape: Shape): number => sizeOf(shape.slice(0, -1));
export const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

export function need(holds: boolean, what: string, expected: string, ...got: (Shape | number)[]): void {
  if (!holds)
    throw new TraceletError('shape', { what, expected, got: got.map((g) => (typeof g === 'number' ? `${g}` : `[${g}]`)).join(' and ') });
}

/** a op b, where b has a's shape or a suffix of it. */
export function arithmetic(name: string, doc: string): Row {
  return {
    args: { out: 'out', a: 'float32', b: 'float32', n: 'int', period: 'int' },
    infer: ({ a, b }) => {
      const fits = b.length <= a.length && sameShape(a.slice(a.length - b.length), b);
      need(fits, name, 'a second operand whose shape ends the first one’s', a, b);
      return { shape: a, ints: { n: sizeOf(a), period: sizeOf(b) } };
    },
    flops: ({ n }) => n,
    split: ({ n, period }) => (n === period ? { ...byElements('a', 'b'), over: ['n', 'period'] } : { ...byElements('a'), step: period }),
    rowwise: ['a', 'b'],
    inPlace: 'a',
    doc,
  };
}

export function elementwise(doc: string, flops: number, epilogue?: number): Row {
  return {
    args: { out: 'out', x: 'float32', n: 'int' },
    infer: ({ x }) => ({ shape: x, ints: { n: sizeOf(x) } }),
    flops: ({ n }) => flops * n,
    split: () => byElements('x'),
    rowwise: ['x'],
    inPlace: 'x',
    epilogue,
    doc,
  };
}

export function rowwise(name: string, doc: string, flops: number): Row {
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
    doc,
  };
}

export function lookup(name: string, { ids, table }: Record<string, Shape>): Inferred {
  need(table.length === 2, name, 'a table [vocabulary, hidden]', table);
  return { shape: [...ids, table[1]], ints: { rows: sizeOf(ids), cols: table[1], vocab: table[0] } };
}

/** Columns of activations that are quantised together, and what else kernels hold at once: see assembly/lib/integer.ts. */
export const INTEGER_STRETCH = 384;
const INTEGER_ROWS = 128;
const INTEGER_COLS = 40;
const INTEGER_TILE = 6;
/** Σ 127 · 64 over a row fits int32 with room to spare. */
const MOST_COLUMNS = 1 << 17;

/** The largest weight that integer products take: see assembly/lib/dots.ts. */
export const MOST_WEIGHT = 64;

/** Weights of four bits that share a step. */
export const GROUP = 32;
export const stretchesOf = (k: number): number => Math.ceil(k / INTEGER_STRETCH);

/** Rules of an integer product of x [..., k] with n rows of weights; `unpacks` says that they are unpacked on the way. */
export function integerLinear(name: string, shapes: Record<string, Shape>, unpacks: boolean): Inferred {
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
  return { shape: [...x.slice(0, -1), n], ints: { m, n, k, width: n }, scratch: held + 4 * INTEGER_TILE * INTEGER_COLS + unpacked };
}

/** A rows4 weight for n rows of k, and its steps. */
export function needNibbles(name: string, weight: Shape, steps: Shape, n: number, k: number): void {
  need(k % GROUP === 0, name, `rows of whole groups of ${GROUP}`, k);
  need(sameShape(weight, [n, k / 2]), name, `nibbles of shape [${n}, ${k / 2}]`, weight);
  need(sameShape(steps, [n, k / GROUP]), name, `steps of shape [${n}, ${k / GROUP}]`, steps);
}

export function normalised(name: string, { x, weight, bias }: Record<string, Shape>): Inferred {
  need(sameShape(weight, [last(x)]) && sameShape(bias, weight), name, `weight and bias of shape [${last(x)}]`, weight, bias);
  return { shape: x, ints: { rows: rowsOf(x), cols: last(x) } };
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
  if (x.length === 2) return { batch, rows: x[0], longest: x[0] };
  need(x.length === 3, name, 'activations [batch, sequence, hidden] or [rows, hidden]', x);
  need(batch === x[0], name, `starts of shape [${x[0] + 1}]`, starts);
  if (mask) need(sameShape(mask, x.slice(0, 2)), name, `a mask of shape [${x.slice(0, 2)}]`, mask);
  return { batch, rows: batch * x[1], longest: x[1] };
}

/** Rows of queries whose scores the attention kernels hold at once. */
const ATTENTION_BLOCK = 48;

/**
 * Dimensions shared by the attention kernels: `hidden` numbers a row of x ([batch, sequence, …] or [rows, …]) belong to queries alone.
 * Scratch holds one head's keys and values in panels of 8 and the scores of one block of queries.
 */
export function attended(
  name: string,
  x: Shape,
  hidden: number,
  operands: Record<string, Shape>,
  { heads }: Record<string, number>,
): Inferred {
  const { batch, rows, longest } = tokenRows(name, x, operands);
  const { head_dim, scratch } = heldByAttention(name, hidden, heads, longest);
  return { shape: [...x.slice(0, -1), hidden], ints: { batch, rows, longest, head_dim, width: hidden }, scratch };
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
