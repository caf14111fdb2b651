import { type Shape, sameShape, sizeOf } from '../tensor/tensor.ts';
import { broadcastShape } from './broadcast.ts';
import * as functions from './functions.ts';
import type { Inferred, Op, Split } from './op.ts';
import type { OpOf } from './sets.ts';
import { last, need, rowsOf, withLast } from './shapes.ts';
import { byElements, byRows } from './splits.ts';

/** Which functions a row takes: those of a range of numbers. */
const FROM = { binary: [functions.ADD, functions.REMAINDER], compare: [functions.EQ, functions.LOGICAL_XOR] } as const;
const OF_ONE = [functions.ABS, functions.SIGN] as const;
const OF_ROWS = [functions.SUM, functions.VAR_BIASED] as const;
/** What no elements have none of. */
const OF_SOME: readonly number[] = [functions.AMAX, functions.AMIN];

function needFunction(name: string, number: number, [first, most]: readonly [number, number]): void {
  need(number >= first && number <= most, name, `a function from ${first} to ${most}`, number);
}

/** Dimensions that kernels run through. */
const DIMENSIONS = 4;

/** What runs of dimensions have in common: how many elements there are, and how far apart those of each operand lie, 0 where it is repeated. */
interface Run {
  size: number;
  strides: number[];
}

/** `shape` in as few dimensions as can be, the outermost first: adjacent ones through which all operands run alike are one. */
function runsOf(shape: Shape, operands: readonly Shape[]): Run[] {
  const runs: Run[] = [];
  const steps = operands.map(() => 1);
  for (let back = 1; back <= shape.length; back++) {
    const size = shape[shape.length - back];
    const strides = operands.map((own, i) => {
      const its = own[own.length - back] ?? 1;
      const stride = its === 1 ? 0 : steps[i];
      steps[i] *= its;
      return stride;
    });
    if (size === 1) continue;
    const [inner] = runs;
    if (inner?.strides.every((stride, i) => strides[i] === stride * inner.size)) inner.size *= size;
    else runs.unshift({ size, strides });
  }
  return runs;
}

/** Sizes and strides of operands that are repeated to one shape. */
function repeated(name: string, shapes: Record<string, Shape>): Inferred {
  const operands = Object.entries(shapes);
  const given = operands.map(([, shape]) => shape);
  const shape = broadcastShape(given);
  need(shape !== undefined, name, 'operands equal but for dimensions of 1', ...given);
  const runs = runsOf(shape as Shape, given);
  need(runs.length <= DIMENSIONS, name, `operands that ${DIMENSIONS} dimensions run through`, ...given);
  const ints: Record<string, number> = {};
  const none = { size: 1, strides: operands.map(() => 0) };
  for (let d = 0; d < DIMENSIONS; d++) {
    const { size, strides } = runs[d - DIMENSIONS + runs.length] ?? none;
    ints[`d${d}`] = size;
    for (const [i, [operand]] of operands.entries()) ints[`${operand[0]}${d}`] = strides[i];
  }
  return { shape: shape as Shape, ints };
}

const elementsIn = ({ d0, d1, d2, d3 }: Record<string, number>): number => d0 * d1 * d2 * d3;

/** A split by the outermost dimension that has more than one element. */
const byOutermost =
  (...operands: string[]) =>
  (ints: Record<string, number>): Split => {
    const at = Math.max(
      0,
      [0, 1, 2].findIndex((d) => ints[`d${d}`] > 1),
    );
    const over = ints[`d${at}`] > 1 ? at : DIMENSIONS - 1;
    let width = 4;
    for (let d = over + 1; d < DIMENSIONS; d++) width *= ints[`d${d}`];
    const strides = Object.fromEntries(operands.map((name) => [name, 4 * ints[`${name[0]}${over}`]]));
    return { over: [`d${over}`], step: over === DIMENSIONS - 1 ? 16 : 1, strides: { out: width, ...strides } };
  };

/** Arguments of a kernel that runs through operands of these first letters. */
const sizesOf = (...letters: string[]) =>
  Object.fromEntries(['d', ...letters].flatMap((letter) => [0, 1, 2, 3].map((d) => [`${letter}${d}`, 'int' as const])));

/** An op of two operands that are repeated to one shape. */
function pairwise(name: string, operand: 'float32' | 'int32', of: keyof typeof FROM, flops: number): Op {
  return {
    args: { out: 'out', a: operand, b: operand, function: 'function', ...sizesOf('a', 'b') },
    result: of === 'compare' ? 'int32' : undefined,
    infer: ({ a, b }, attrs) => {
      needFunction(name, attrs.function, FROM[of]);
      return repeated(name, { a, b });
    },
    flops: (ints) => flops * elementsIn(ints),
    split: byOutermost('a', 'b'),
  };
}

/** An op of as many elements as its operand. */
const converting = (from: 'float32' | 'int32', to: 'float32' | 'int32'): Op => ({
  args: { out: 'out', x: from, n: 'int' },
  result: to,
  infer: ({ x }) => ({ shape: x, ints: { n: sizeOf(x) } }),
  flops: () => 0,
  split: () => byElements('x'),
  rowwise: ['x'],
  inPlace: 'x',
});

/** Rows of the op table for tensor programs of any kind: few, each of many functions, right for all shapes before they are fast. */
export const GENERAL = {
  /** f(a, b), each repeated along dimensions of 1 */
  binary: pairwise('binary', 'float32', 'binary', 2),
  /** f(a, b) as 0 and 1, each repeated along dimensions of 1 */
  compare: pairwise('compare', 'float32', 'compare', 1),
  /** compare of whole numbers */
  compare_i32: pairwise('compare_i32', 'int32', 'compare', 1),
  /** b where condition is 0, else a, each repeated along dimensions of 1 */
  where: {
    args: { out: 'out', condition: 'int32', a: 'elements', b: 'elements', ...sizesOf('c', 'a', 'b') },
    infer: ({ condition, a, b }) => repeated('where', { condition, a, b }),
    flops: elementsIn,
    split: byOutermost('condition', 'a', 'b'),
  },
  /** f(x) of each element */
  unary: {
    args: { out: 'out', x: 'float32', function: 'function', n: 'int' },
    infer: ({ x }, attrs) => {
      needFunction('unary', attrs.function, OF_ONE);
      return { shape: x, ints: { n: sizeOf(x) } };
    },
    flops: ({ n }) => 8 * n,
    split: () => byElements('x'),
    rowwise: ['x'],
    inPlace: 'x',
  },
  /** whole numbers as floats */
  to_float32: converting('int32', 'float32'),
  /** floats as whole numbers, rounded towards 0 */
  to_int32: converting('float32', 'int32'),
  /** out[r] = f of the elements of row r */
  reduce: {
    args: { out: 'out', x: 'float32', function: 'function', rows: 'int', cols: 'int' },
    infer: ({ x }, { function: number }) => {
      needFunction('reduce', number, OF_ROWS);
      need(x.length > 0 && (last(x) > 0 || !OF_SOME.includes(number)), 'reduce', 'rows of at least one element', x);
      return { shape: x.slice(0, -1), ints: { rows: rowsOf(x), cols: last(x) } };
    },
    flops: ({ rows, cols }) => 2 * rows * cols,
    split: ({ cols }) => ({ over: ['rows'], strides: { out: 4, x: 4 * cols } }),
    rowwise: ['x'],
  },
  /** out[r, i] = x[r, 0] + … + x[r, i] */
  cumsum: {
    args: { out: 'out', x: 'float32', rows: 'int', cols: 'int' },
    infer: ({ x }) => {
      need(x.length > 0, 'cumsum', 'at least one dimension', x);
      return { shape: x, ints: { rows: rowsOf(x), cols: last(x) } };
    },
    flops: ({ rows, cols }) => rows * cols,
    split: byRows('x'),
    rowwise: ['x'],
    inPlace: 'x',
  },
  /** x repeated along dimensions of 1 */
  expand: {
    args: { out: 'out', x: 'elements', d0: 'attr', d1: 'attr', d2: 'attr', d3: 'attr', s0: 'int', s1: 'int', s2: 'int', s3: 'int' },
    infer: ({ x }, { d0, d1, d2, d3 }) => {
      const shape = [d0, d1, d2, d3];
      const strides = x.map((size, i) => (size === 1 ? 0 : sizeOf(x.slice(i + 1))));
      const fits = x.length === DIMENSIONS && x.every((size, i) => size === shape[i] || size === 1);
      need(fits, 'expand', `[${x}] but for dimensions of 1`, shape);
      return { shape, ints: Object.fromEntries(strides.map((stride, i) => [`s${i}`, stride])) };
    },
    flops: () => 0,
    split: null,
    bytes: (ints) => 8 * elementsIn(ints),
  },
  /** out[r, i] = x[r, ids[r, i]] */
  gather: {
    args: { out: 'out', x: 'elements', ids: 'int32', rows: 'int', cols: 'int', count: 'int' },
    infer: ({ x, ids }) => {
      const fits = x.length > 0 && x.length === ids.length && sameShape(x.slice(0, -1), ids.slice(0, -1));
      need(fits, 'gather', `ids of shape [${x.slice(0, -1)}, …]`, ids);
      return { shape: ids, ints: { rows: rowsOf(x), cols: last(x), count: last(ids) } };
    },
    flops: () => 0,
    split: ({ cols, count }) => ({ over: ['rows'], strides: { out: 4 * count, x: 4 * cols, ids: 4 * count } }),
    bytes: ({ rows, count }) => 12 * rows * count,
    rowwise: ['x', 'ids'],
    bounds: { ids: ({ cols }) => cols },
  },
  /** out[r, i] = where in row r the i-th largest stands, or the i-th smallest where largest is 0; of equals the first */
  topk: {
    args: { out: 'out', x: 'float32', rows: 'int', cols: 'int', k: 'attr', largest: 'attr' },
    result: 'int32',
    infer: ({ x }, { k, largest }) => {
      need(x.length > 0 && k >= 0 && k <= last(x), 'topk', `rows of at least ${k} elements`, x);
      need(largest === 0 || largest === 1, 'topk', 'largest 0 or 1', largest);
      return { shape: withLast(x, k), ints: { rows: rowsOf(x), cols: last(x) } };
    },
    flops: ({ rows, cols }) => rows * cols,
    split: ({ cols, k }) => ({ over: ['rows'], strides: { out: 4 * k, x: 4 * cols } }),
    rowwise: ['x'],
  },
} as const satisfies Record<OpOf<'general'>, Op>;
