import { TraceletError } from '../base/error.ts';
import { NUMERIC, optional, TENSOR, TENSORS, taking, WHOLE, WHOLES } from '../tensor/arguments.ts';
import type { DType } from '../tensor/dtype.ts';
import { allocate } from '../tensor/elements.ts';
import { stridesOf } from '../tensor/shape.ts';
import { dimension, PROVED, type Shape, sameShape, sizeOf, Tensor } from '../tensor/tensor.ts';
import { apply, executor } from './executor.ts';
import { startsOf } from './grid.ts';

/** Ops that move elements and compute nothing. They keep the dtype. */

/** Dimensions that kernels run through. */
const DIMENSIONS = 4;

/** A dimension between all before it and all behind it, each of which are one. */
export const aroundOf = <D extends DType>(x: Tensor<D>, dim: number): Tensor<D> =>
  x.reshape([sizeOf(x.shape.slice(0, dim)), x.shape[dim], sizeOf(x.shape.slice(dim + 1))]);

/** Whether the kernels move it: others lie on the host, where there is none for their dtype. */
const byKernel = (x: Tensor): boolean => x.dtype === 'float32' || x.recorded;

function view<D extends DType>(x: Tensor<D>, offset: number, shape: Shape, strides: readonly number[]): Tensor<D> {
  if (!byKernel(x)) return gathered(x, offset, shape, strides);
  const lead = 4 - shape.length;
  const attrs: Record<string, number> = { offset };
  for (let i = 0; i < 4; i++) {
    attrs[`d${i}`] = i < lead ? 1 : shape[i - lead];
    attrs[`s${i}`] = i < lead ? 0 : strides[i - lead];
  }
  return apply('strided', { x }, attrs).reshape(shape) as Tensor as Tensor<D>;
}

function gathered<D extends DType>(x: Tensor<D>, offset: number, shape: Shape, strides: readonly number[]): Tensor<D> {
  const { elements } = x.operand(x.dtype, 'permute or slice');
  const out = allocate(x.dtype, sizeOf(shape));
  const steps = stridesOf(shape);
  for (let i = 0; i < out.length; i++) {
    const from = steps.reduce((at, step, dim) => at + (Math.floor(i / step) % shape[dim]) * strides[dim], offset);
    out[i] = elements[from];
  }
  return new Tensor(x.dtype, shape, out, PROVED);
}

/** Reorders dimensions. */
export function permuted<D extends DType>(x: Tensor<D>, dims: readonly number[]): Tensor<D> {
  const order = dims.map((dim) => dimension(x.shape, dim, 'permute'));
  const valid = order.length === x.shape.length && [...order].sort((a, b) => a - b).every((dim, i) => dim === i);
  if (!valid)
    throw new TraceletError('shape', { what: 'permute', expected: `an order of the ${x.shape.length} dimensions`, got: `[${dims}]` });
  if (order.length > DIMENSIONS) return permutedByOne(x, order);
  const strides = stridesOf(x.shape);
  return view(
    x,
    0,
    order.map((dim) => x.shape[dim]),
    order.map((dim) => strides[dim]),
  );
}

/** An order of more dimensions than kernels have: one after the other is moved to its place, past those between, which are then one. */
function permutedByOne<D extends DType>(x: Tensor<D>, order: readonly number[]): Tensor<D> {
  const now = order.map((_, dim) => dim);
  return order.reduce((moved, dim, to) => {
    const from = now.indexOf(dim);
    if (from === to) return moved;
    const { shape } = moved;
    const [outer, passed, size, inner] = [shape.slice(0, to), shape.slice(to, from), [shape[from]], shape.slice(from + 1)].map(sizeOf);
    now.splice(to, 0, ...now.splice(from, 1));
    const four = [outer, size, passed, inner];
    const strides = [passed * size * inner, inner, size * inner, 1];
    return view(moved.reshape([outer, passed, size, inner]), 0, four, strides).reshape(now.map((at) => x.shape[at]));
  }, x);
}

/** Exchanges two dimensions. */
export function transposed<D extends DType>(x: Tensor<D>, a: number, b: number): Tensor<D> {
  const [first, second] = [dimension(x.shape, a, 'transpose'), dimension(x.shape, b, 'transpose')];
  const order = x.shape.map((_, dim) => dim);
  [order[first], order[second]] = [second, first];
  return permuted(x, order);
}

/** Elements [begin, end) of a dimension. */
export function sliced<D extends DType>(x: Tensor<D>, along: number, begin: number, end: number, what: string): Tensor<D> {
  const dim = dimension(x.shape, along, what);
  if (!(Number.isInteger(begin) && Number.isInteger(end) && begin >= 0 && begin < end && end <= x.shape[dim]))
    throw new TraceletError('shape', {
      what,
      expected: `a range of at least one element within dimension ${dim} of [${x.shape}]`,
      got: `${begin} to ${end}`,
    });
  if (byKernel(x) && dim === x.shape.length - 1 && dim > 0)
    return apply('columns', { x }, { from: begin, count: end - begin }) as Tensor as Tensor<D>;
  const shape = x.shape.map((size, i) => (i === dim ? end - begin : size));
  if (shape.length > DIMENSIONS) return sliced(aroundOf(x, dim), 1, begin, end, what).reshape(shape);
  const strides = stridesOf(x.shape);
  return view(x, begin * strides[dim], shape, strides);
}

/** Tokens that a trace asks for by what they are among those of their sequence, so that it can compute them alone. */
const ENDS = {
  '0': { op: 'first_pool', rule: 'opening' },
  '-1': { op: 'last_pool', rule: 'closing' },
} as const;

function tokenOf(x: Tensor, dim: number, index: number): Tensor | undefined {
  const [batch, sequence, ...rest] = x.shape;
  const { op, rule } = ENDS[`${index}` as keyof typeof ENDS] ?? {};
  if (!op || !x.recorded || x.dtype !== 'float32' || dim !== 1 || rest.length === 0 || x.size === 0) return undefined;
  const rows = rest.length === 1 ? x : x.reshape([batch, sequence, sizeOf(rest)]);
  const mask = executor().hostValue(rule, [batch, sequence], { like: x });
  const token = apply(op, { x: rows, mask, starts: startsOf(rows) });
  return rest.length === 1 ? token : token.reshape([batch, ...rest]);
}

function selected<D extends DType>(x: Tensor<D>, along: number, index: number): Tensor<D> {
  const dim = dimension(x.shape, along, 'select');
  const token = tokenOf(x, dim, index);
  if (token) return token as Tensor as Tensor<D>;
  const at = index < 0 ? index + x.shape[dim] : index;
  return sliced(x, dim, at, at + 1, 'select').reshape(x.shape.filter((_, i) => i !== dim));
}

/** Puts tensors side by side along a dimension. */
export function joined(tensors: readonly Tensor[], along = 0): Tensor {
  const [first] = tensors;
  if (!first) throw new TraceletError('value', { what: 'cat', expected: 'at least one tensor', got: 'none' });
  const dim = dimension(first.shape, along, 'cat');
  const flat = (x: Tensor): Tensor => x.reshape([...x.shape.slice(0, dim), sizeOf(x.shape.slice(dim))]);
  for (const { shape } of tensors)
    if (!sameShape(shape.toSpliced(dim, 1), first.shape.toSpliced(dim, 1)) || shape.length !== first.shape.length)
      throw new TraceletError('shape', { what: 'cat', expected: `[${first.shape}] but for dimension ${dim}`, got: `[${shape}]` });
  const shape = first.shape.map((size, i) => (i === dim ? tensors.reduce((sum, x) => sum + x.shape[dim], 0) : size));
  const onHost = tensors.every((x) => x.dtype === first.dtype && !byKernel(x));
  return tensors
    .map(flat)
    .reduce((a, b) => (onHost ? beside(a, b) : apply('concat', { a, b })))
    .reshape(shape);
}

/** Rows of a followed by rows of b, which have one dtype. */
function beside(a: Tensor, b: Tensor): Tensor {
  const [left, right] = [a, b].map(({ shape }) => shape[shape.length - 1]);
  const from = [a.operand(a.dtype, 'cat').elements, b.operand(b.dtype, 'cat').elements];
  const out = allocate(a.dtype, a.size + b.size);
  for (let i = 0; i < out.length; i++) {
    const [row, col] = [Math.floor(i / (left + right)), i % (left + right)];
    out[i] = col < left ? from[0][row * left + col] : from[1][row * right + col - left];
  }
  return new Tensor(a.dtype, [...a.shape.slice(0, -1), left + right], out, PROVED);
}

interface Permute {
  <D extends DType>(input: Tensor<D>, dims: Shape | { dims: Shape }): Tensor<D>;
  <D extends DType>(input: Tensor<D>, ...dims: number[]): Tensor<D>;
}

const permuteBy = taking<Permute>('F.permute', { input: TENSOR, dims: WHOLES }, permuted);

/** Dimensions reordered, given as a list or one by one. As `torch.permute`. */
export const permute: Permute = (input: Tensor, ...dims: unknown[]) =>
  typeof dims[0] === 'number' ? permuteBy(input, dims as number[]) : permuteBy(input, ...(dims as number[]));

/** Two dimensions exchanged. As `torch.transpose`. */
export const transpose = taking<<D extends DType>(input: Tensor<D>, dim0: number, dim1: number) => Tensor<D>>(
  'F.transpose',
  { input: TENSOR, dim0: WHOLE, dim1: WHOLE },
  transposed,
);

/** Elements [begin, end) of dimension `dim`, both counted from its end where they are negative. */
export const slice = taking<<D extends DType>(input: Tensor<D>, dim: number, begin: number, end: number) => Tensor<D>>(
  'F.slice',
  { input: TENSOR, dim: WHOLE, begin: NUMERIC, end: NUMERIC },
  (x: Tensor, along: number, begin: number, end: number) => {
    const dim = dimension(x.shape, along, 'slice');
    const counted = (at: number): number => (at < 0 ? at + x.shape[dim] : at);
    return sliced(x, dim, counted(begin), counted(end), 'slice');
  },
);

/** `length` elements of dimension `dim` from `start`, which is counted from the end where it is negative. As `torch.narrow`. */
export const narrow = taking<<D extends DType>(input: Tensor<D>, dim: number, start: number, length: number) => Tensor<D>>(
  'F.narrow',
  { input: TENSOR, dim: WHOLE, start: WHOLE, length: WHOLE },
  (x: Tensor, along: number, start: number, length: number) => {
    const dim = dimension(x.shape, along, 'narrow');
    const begin = start < 0 ? start + x.shape[dim] : start;
    return sliced(x, dim, begin, begin + length, 'narrow');
  },
);

/** Element `index` of dimension `dim`, which goes away; counted from the end where it is negative. As `torch.select`. */
export const select = taking<<D extends DType>(input: Tensor<D>, dim: number, index: number) => Tensor<D>>(
  'F.select',
  { input: TENSOR, dim: WHOLE, index: WHOLE },
  selected,
);

/** Tensors side by side along a dimension, the first unless given. As `torch.cat`. */
export const cat = taking<<D extends DType>(tensors: readonly Tensor<D>[], dim?: number) => Tensor<D>>(
  'F.cat',
  { tensors: TENSORS, dim: optional(WHOLE) },
  joined as (tensors: readonly Tensor[], dim?: number) => never,
);
