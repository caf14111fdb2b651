import { TraceletError } from '../base/error.ts';
import type { DType } from '../tensor/dtype.ts';
import { BYTE, cast, isFloating, leastByte, promoted } from './dtypes.ts';
import { broadcast } from './geometry.ts';
import { collapsed, type Knowledge, type Linearity, linearForm, pointwise, repeatedKnowledge, sourceOf, uniformForm } from './knowledge.ts';
import { type Leaf, type Made, made, type Node, viewed } from './node.ts';

/** An op by element: its definition, and what is to be known of its dtype and of linear operands. */
interface Pointwise {
  compute(...values: number[]): number;
  /** `same` is what operands are promoted to, `float` the same if that is one of floats, else float32. */
  result: 'same' | 'float' | 'bool';
  linearity?: Linearity;
}

const same = (compute: Pointwise['compute'], linearity?: Linearity): Pointwise => ({ compute, result: 'same', linearity });
const float = (compute: Pointwise['compute']): Pointwise => ({ compute, result: 'float' });
const bool = (compute: (...values: number[]) => boolean, linearity?: Linearity): Pointwise => ({
  compute: (...values) => Number(compute(...values)),
  result: 'bool',
  linearity,
});
const comparison = (compute: (x: number, y: number) => boolean): Pointwise => bool(compute, 'difference');

/** The error function, by its continued fraction or its series: to 1e-15. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  let [term, sum] = [z, z];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (-z * z) / n;
    sum += term / (2 * n + 1);
    if (n > 300) break;
  }
  return z > 3 ? Math.sign(x) * (1 - erfcBeyond(z)) : (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
}

function erfcBeyond(z: number): number {
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / 2 / fraction;
  return Math.exp(-z * z) / fraction / Math.sqrt(Math.PI);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const nearest = (x: number): number => {
  const low = Math.floor(x);
  return x - low === 0.5 ? low + (low % 2 === 0 ? 0 : 1) : Math.round(x);
};

/** Ops by element, by PyTorch's names of them. Each is its definition. */
export const POINTWISE = {
  add: same((x, y) => x + y, [1, 1]),
  sub: same((x, y) => x - y, [1, -1]),
  mul: same((x, y) => x * y, 'scaled'),
  div: float((x, y) => x / y),
  floor_divide: same((x, y) => Math.floor(x / y)),
  remainder: same((x, y) => x - y * Math.floor(x / y)),
  pow: same((x, y) => x ** y),
  maximum: same((x, y) => Math.max(x, y)),
  minimum: same((x, y) => Math.min(x, y)),
  neg: same((x) => -x, [-1]),
  abs: same(Math.abs),
  sign: same(Math.sign),
  ceil: same(Math.ceil),
  floor: same(Math.floor),
  round: same(nearest),
  trunc: same(Math.trunc),
  sqrt: float(Math.sqrt),
  rsqrt: float((x) => 1 / Math.sqrt(x)),
  reciprocal: float((x) => 1 / x),
  exp: float(Math.exp),
  log: float(Math.log),
  sin: float(Math.sin),
  cos: float(Math.cos),
  erf: float(erf),
  tanh: float(Math.tanh),
  sigmoid: float(sigmoid),
  relu: same((x) => Math.max(x, 0)),
  silu: float((x) => x * sigmoid(x)),
  square: same((x) => x * x),
  eq: comparison((x, y) => x === y),
  ne: comparison((x, y) => x !== y),
  lt: comparison((x, y) => x < y),
  le: comparison((x, y) => x <= y),
  gt: comparison((x, y) => x > y),
  ge: comparison((x, y) => x >= y),
  logical_not: bool((x) => x === 0),
  logical_and: bool((x, y) => x !== 0 && y !== 0),
  logical_or: bool((x, y) => x !== 0 || y !== 0),
  bitwise_and: same((x, y) => x & y),
  bitwise_or: same((x, y) => x | y),
  isnan: bool((x) => Number.isNaN(x)),
} as const satisfies Record<string, Pointwise>;

export type PointwiseOp = keyof typeof POINTWISE;

const resultOf = (result: Pointwise['result'], operands: readonly Node[]): DType => {
  if (result === 'bool') return 'bool';
  const dtype = promoted(operands);
  return result === 'float' && !isFloating(dtype) ? 'float32' : dtype;
};

/** What is known of `node` repeated to `shape`. */
export const knownAs = (node: Node, shape: readonly number[]): Knowledge | undefined =>
  node.known && repeatedKnowledge(node.known, node.shape, shape);

/** `compute` by element of `operands`: a constant where it follows from sizes, else what `op` makes of them. */
export function elementwise(
  op: string,
  compute: Pointwise['compute'],
  operands: readonly Node[],
  dtype: DType,
  linearity?: Linearity,
): Node {
  const shape = broadcast(
    operands.map((operand) => operand.shape),
    op,
  );
  const all = operands.map((operand) => knownAs(operand, shape));
  const composed = all.every((each) => each !== undefined)
    ? pointwise((...values) => cast(compute(...values), dtype), all, shape, linearity)
    : undefined;
  const known = composed && dtype === 'bool' ? collapsed(composed, shape) : composed;
  if (!known || sourceOf(known) || operands.some(({ kind }) => kind !== 'constant')) return made(op, dtype, shape, operands, {}, known);
  const isNumber = operands.every((operand) => operand.kind === 'constant' && operand.wrapped);
  return { kind: 'constant', dtype, shape, known, wrapped: isNumber ? true : undefined };
}

/** The op `op` of {@link POINTWISE} on `operands`. */
export function byElement(op: PointwiseOp, ...operands: Node[]): Node {
  const { compute, result, linearity } = POINTWISE[op] as Pointwise;
  const dtype = resultOf(result, operands);
  if (leastByte(dtype) === undefined) return elementwise(op, compute, operands, dtype, linearity);
  const node = elementwise(op, compute, operands, dtype);
  return GROWING.has(op) ? inByte(node) : node;
}

/** Ops of bytes whose results a byte may not hold. */
const GROWING: ReadonlySet<PointwiseOp> = new Set(['add', 'sub', 'mul', 'neg', 'abs', 'square', 'pow', 'floor_divide']);

/** Whole numbers in a byte, where they begin again beyond the last. */
function inByte(node: Node): Node {
  const { dtype, kind } = node;
  const least = leastByte(dtype);
  if (least === undefined || kind === 'constant') return node;
  const { add, sub, remainder } = POINTWISE;
  const from = least === 0 ? node : elementwise('sub', sub.compute, [node, whole(least)], dtype);
  const rest = elementwise('remainder', remainder.compute, [from, whole(BYTE)], dtype);
  return least === 0 ? rest : elementwise('add', add.compute, [rest, whole(least)], dtype);
}

/** `x` where `condition` is not 0, `y` elsewhere. */
export const chosenBy = (condition: Node, x: Node, y: Node, dtype: DType = promoted([x, y])): Node =>
  elementwise('where', (c, a, b) => (c ? a : b), [condition, x, y], dtype);

/** The elements of `node` in another dtype. Floats of all widths are one: they are computed in float32. */
export function castTo(node: Node, dtype: DType): Node {
  if (node.dtype === dtype) return node;
  if (node.kind === 'constant') return { ...node, dtype, wrapped: undefined, known: castKnown(node, dtype) as Knowledge };
  if (node.kind === 'view' && isFloating(node.dtype) && isFloating(dtype))
    return viewed({ ...node, base: castTo(node.base, dtype) as Leaf | Made }, node.shape);
  const held = made('cast', dtype, node.shape, [node], {}, castKnown(node, dtype));
  return node.dtype === 'bool' ? held : inByte(held);
}

/** Whole numbers that follow a line stay on it whatever holds them. */
function castKnown({ known, shape }: Node, dtype: DType): Knowledge | undefined {
  if (!known) return undefined;
  const linear = 'linear' in known ? known.linear : undefined;
  const stays =
    linear &&
    Number.isSafeInteger(linear.start) &&
    Number.isSafeInteger(linear.slope) &&
    dtype !== 'bool' &&
    leastByte(dtype) === undefined;
  return stays ? known : pointwise((value) => cast(value, dtype), [known], shape);
}

/** A number of Python, which yields to tensors where dtypes meet. */
export function wrapped(value: number, dtype: 'int64' | 'float64' | 'bool'): Node {
  if (typeof value !== 'number') throw new TraceletError('value', { what: 'a number', expected: 'one', got: typeof value });
  return { kind: 'constant', dtype, shape: [], known: uniformForm([], value), wrapped: true };
}

/** A whole number of Python. */
export const whole = (value: number): Node => wrapped(value, 'int64');

/** A number of Python with a point. */
export const number = (value: number): Node => wrapped(value, 'float64');

/** {@link byElement} by the name of each op, of nodes and numbers. */
export const FUNCTIONS = Object.fromEntries(
  (Object.keys(POINTWISE) as PointwiseOp[]).map((op) => [
    op,
    (...operands: (Node | number)[]) => byElement(op, ...operands.map((each) => (typeof each === 'number' ? number(each) : each))),
  ]),
) as Record<PointwiseOp, (...operands: (Node | number)[]) => Node>;

/** Whether a place is one of the first `size`. */
export const isWithin = (place: Node, size: number): Node => FUNCTIONS.logical_and(FUNCTIONS.ge(place, 0), FUNCTIONS.lt(place, size));

/** start, start + step, …: so many whole numbers. */
export const counting = (size: number, start = 0, step = 1): Node => ({
  kind: 'constant',
  dtype: 'int64',
  shape: [size],
  known: linearForm([1], start, step),
});

/** The same number everywhere. */
export const filledWith = (value: number, dtype: DType, shape: readonly number[]): Node => ({
  kind: 'constant',
  dtype,
  shape,
  known: uniformForm(shape, cast(value, dtype)),
});
