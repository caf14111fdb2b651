import { TraceletError } from '../base/error.ts';
import { sizeOf } from '../tensor/tensor.ts';
import { ATTENTION } from './attention.ts';
import { GROUP, MOST_WEIGHT } from './limits.ts';
import { NORMS } from './norms.ts';
import type { Op } from './op.ts';
import { POOLS } from './pools.ts';
import { SET_OPS, type SetOp } from './sets.ts';
import {
  arithmetic,
  BELOW_VOCAB,
  elementwise,
  joined,
  last,
  lookup,
  lookupAdded,
  lookupNibbles,
  lookupScaled,
  multiplied,
  multipliedBatches,
  multipliedBytes,
  multipliedNibbles,
  need,
  reduced,
  roundUp,
  rowsOf,
  rowwise,
  stridden,
  withLast,
} from './shapes.ts';
import { byElements, byIds, byIntegerProduct, byMatrices, byProduct } from './splits.ts';
import { TOKEN_OPS } from './tokens.ts';

/** Rows that are always there. */
const BASE = {
  /** out[r] = table[ids[r]] */
  embedding: {
    args: { out: 'out', ids: 'int32', table: 'elements', rows: 'int', cols: 'int', vocab: 'int' },
    infer: (shapes) => lookup('embedding', shapes),
    flops: () => 0,
    split: byIds(),
    bytes: ({ rows, cols }) => 8 * rows * cols + 4 * rows,
    rowwise: ['ids'],
    bounds: BELOW_VOCAB,
  },
  /** out[r] = x[r] + table[ids[r]] */
  embedding_add: {
    args: { out: 'out', x: 'float32', ids: 'int32', table: 'float32', rows: 'int', cols: 'int', vocab: 'int' },
    infer: lookupAdded,
    flops: ({ rows, cols }) => rows * cols,
    split: byIds('x'),
    bytes: ({ rows, cols }) => 12 * rows * cols + 4 * rows,
    rowwise: ['x', 'ids'],
    inPlace: 'x',
    bounds: BELOW_VOCAB,
  },
  /** out[r] = table[ids[r]] · scale[ids[r]] */
  embedding_i8: {
    args: { out: 'out', ids: 'int32', table: 'rows8', scale: 'float32', rows: 'int', cols: 'int', vocab: 'int' },
    infer: lookupScaled,
    flops: ({ rows, cols }) => rows * cols,
    split: byIds(),
    bytes: ({ rows, cols }) => 5 * rows * cols + 8 * rows,
    rowwise: ['ids'],
    bounds: BELOW_VOCAB,
    exact: true,
  },
  /** embedding_i8 with weights of four bits and a step for each 32 of them */
  embedding_i4: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', ids: 'int32', table: 'rows4', steps: 'uint8', scale: 'float32', scratch: 'scratch', rows: 'int', cols: 'int',
      vocab: 'int',
    },
    infer: lookupNibbles,
    flops: ({ rows, cols }) => 2 * rows * cols,
    split: byIds(),
    bytes: ({ rows, cols }) => 4.5 * rows * cols + 8 * rows,
    rowwise: ['ids'],
    bounds: BELOW_VOCAB,
    exact: true,
  },
  /** out = activation(x · weightᵀ + bias) */
  linear: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'float32', weight: 'panels', bias: 'float32?', activation: 'activation', m: 'int', n: 'int', k: 'int',
      width: 'stride',
    },
    infer: multiplied,
    flops: ({ m, n, k }) => 2 * m * n * k,
    split: (ints) => byProduct(ints, { weight: 4 * ints.k }, ints.n >= ints.m),
    rowwise: ['x'],
  },
  /** out = (x · smooth) · (weight · scale)ᵀ + bias in integers: x in 128 steps a row and stretch, weight int8 from -64 to 64 */
  linear_i8: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'float32', weight: 'rows8', scale: 'float32', sums: 'float32', smooth: 'float32?', bias: 'float32?',
      scratch: 'scratch', form: 'form', m: 'int', n: 'int', k: 'int', width: 'stride',
    },
    infer: multipliedBytes,
    flops: ({ m, n, k }) => 2 * m * n * k,
    split: (ints, parts) => byIntegerProduct(ints, parts, { weight: ints.k }),
    rowwise: ['x'],
    exact: true,
    mostWeight: MOST_WEIGHT,
  },
  /** linear_i8 with weights of four bits and a step for each 32 of them */
  linear_i4: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'float32', weight: 'rows4', steps: 'uint8', scale: 'float32', sums: 'float32', smooth: 'float32?',
      bias: 'float32?', scratch: 'scratch', form: 'form', m: 'int', n: 'int', k: 'int', width: 'stride',
    },
    infer: multipliedNibbles,
    flops: ({ m, n, k }) => 2 * m * n * k,
    split: (ints, parts) => byIntegerProduct(ints, parts, { weight: ints.k / 2, steps: ints.k / GROUP }),
    rowwise: ['x'],
    exact: true,
  },
  ...ATTENTION,
  ...TOKEN_OPS,
  ...NORMS,
  /** out[i] = a[i] · b[i], b computed as a is */
  matmul: {
    args: { out: 'out', a: 'float32', b: 'float32', scratch: 'scratch', batch: 'int', m: 'int', n: 'int', k: 'int' },
    infer: multipliedBatches,
    flops: ({ batch, m, n, k }) => 2 * batch * m * n * k,
    split: byMatrices,
  },
  /** where in each row its first largest element stands, or its first NaN */
  argmax: {
    args: { out: 'out', x: 'float32', rows: 'int', cols: 'int' },
    result: 'int32',
    infer: (shapes) => reduced('argmax', shapes),
    flops: ({ rows, cols }) => rows * cols,
    split: ({ cols }) => ({ over: ['rows'], strides: { out: 4, x: 4 * cols } }),
  },
  /** out[r] = exp(x[r] - max) / sum */
  softmax: rowwise('softmax', 6),
  /** out[r] = x[r] - max - log(sum(exp(x[r] - max))) */
  log_softmax: rowwise('log_softmax', 6),
  /** x · Φ(x), exact (erf) */
  gelu: elementwise(12, 1),
  /** 0.5 · x · (1 + tanh(√(2/π) · (x + 0.044715 · x³))) */
  gelu_new: elementwise(14, 2),
  /** max(x, 0) */
  relu: elementwise(1, 3),
  /** x · sigmoid(x) */
  silu: elementwise(9, 4),
  /** tanh(x) */
  tanh: elementwise(10, 5),
  /** 1 / (1 + exp(-x)) */
  sigmoid: elementwise(8, 6),
  /** x · sigmoid(1.702 · x) */
  quick_gelu: elementwise(10),
  /** x · tanh(log(1 + exp(x))) */
  mish: elementwise(14),
  /** min(max(x, 0), 6) */
  relu6: elementwise(2),
  /** min(max(gelu(x), -10), 10) */
  gelu_10: elementwise(14),
  /** out = a + b, b repeated along the leading dimensions */
  add: arithmetic('add'),
  /** out = a · b, b repeated along the leading dimensions */
  mul: arithmetic('mul'),
  /** out = factor · x */
  scale: {
    args: { out: 'out', x: 'float32', n: 'int', factor: 'float' },
    infer: ({ x }) => ({ shape: x, ints: { n: sizeOf(x) } }),
    flops: ({ n }) => n,
    split: () => byElements('x'),
    rowwise: ['x'],
    inPlace: 'x',
  },
  /** out[i, j, k, l] = x[offset + i·s0 + j·s1 + k·s2 + l·s3]: transpose, permute and slice */
  strided: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'elements', offset: 'attr', d0: 'attr', d1: 'attr', d2: 'attr', d3: 'attr', s0: 'attr', s1: 'attr',
      s2: 'attr', s3: 'attr',
    },
    infer: ({ x }, attrs) => stridden(x, attrs),
    flops: () => 0,
    split: null,
    bytes: ({ d0, d1, d2, d3 }) => 8 * d0 * d1 * d2 * d3,
  },
  /** rows of a followed by rows of b */
  concat: {
    args: { out: 'out', a: 'elements', b: 'elements', rows: 'int', a_cols: 'int', b_cols: 'int' },
    infer: joined,
    flops: () => 0,
    split: ({ a_cols, b_cols }) => ({ over: ['rows'], strides: { out: 4 * (a_cols + b_cols), a: 4 * a_cols, b: 4 * b_cols } }),
    rowwise: ['a', 'b'],
  },
  /** out[r] = x[r, from .. from + count] */
  columns: {
    args: { out: 'out', x: 'elements', rows: 'int', cols: 'int', from: 'attr', count: 'attr' },
    infer: ({ x }, { from, count }) => {
      need(x.length > 0 && from + count <= last(x), 'columns', `columns within the last dimension of [${x}]`, from, from + count);
      return { shape: withLast(x, count), ints: { rows: rowsOf(x), cols: last(x) } };
    },
    flops: () => 0,
    split: ({ cols, count }) => ({ over: ['rows'], strides: { out: 4 * count, x: 4 * cols } }),
    bytes: ({ rows, count }) => 8 * rows * count,
    rowwise: ['x'],
  },
  ...POOLS,
  /** the rows of a weight in the panels of 8 that linear reads, zeros behind the last row */
  panels: {
    args: { out: 'out', x: 'float32', scratch: 'scratch', n: 'int', k: 'int' },
    infer: ({ x }) => {
      need(x.length === 2, 'panels', 'a weight [n, k]', x);
      return { shape: [roundUp(x[0], 8), x[1]], ints: { n: x[0], k: x[1] }, scratch: 32 * x[1] };
    },
    flops: () => 0,
    split: null,
    inPlace: 'x',
  },
} as const satisfies Record<string, Op>;

export type OpName = keyof typeof BASE | SetOp;

type Table = { [name in OpName]: Op };

/**
 * The op table: rows that are always there, and those of sets that were added. Adding an op is a row, here or in those of a set, a kernel of the same
 * name in assembly/, and its definition in test/support/reference.ts.
 */
export const OPS: Table = { ...BASE } as Partial<Table> as Table;

/** Adds the rows of a set. */
export function addRows(rows: Readonly<Record<string, Op>>): void {
  Object.assign(OPS, rows);
}

/** Names of all ops, in the order that programs list them in, whether their rows are there or not. */
export const OP_NAMES: readonly string[] = [...Object.keys(BASE), ...SET_OPS.keys()];

/** The row of `name`, or a typed error that names it. */
export function opOf(name: string): Op {
  if (Object.hasOwn(OPS, name)) return OPS[name as OpName];
  const set = SET_OPS.get(name);
  throw new TraceletError('op', {
    what: `op "${name}"`,
    expected: set ? `the ops of ${set}` : `one of ${OP_NAMES.join(', ')}`,
    got: set && 'none of them',
    cure: set ? "Import 'tracelet/ops', which has all ops" : 'Load the trace with a newer tracelet',
  });
}

/** Names of the activations that `linear` can apply to its result. */
export const EPILOGUES: string[] = Object.entries(BASE as Record<string, Op>).flatMap(([name, row]) => (row.epilogue ? [name] : []));

/** Names of all activations that a configuration may name. */
export const ACTIVATIONS: string[] = [...EPILOGUES, 'quick_gelu', 'mish', 'relu6', 'gelu_10'];

/** The number by which kernels know the activation `name`. */
export const epilogueOf = (name: string): number => (BASE as Record<string, Op>)[name]?.epilogue ?? 0;
