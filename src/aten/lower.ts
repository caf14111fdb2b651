import { apply } from '../nn/executor.ts';
import * as F from '../nn/functional.ts';
import { stridesOf } from '../tensor/shape.ts';
import { type Shape, sameShape, sizeOf, Tensor } from '../tensor/tensor.ts';
import { isFloating } from './dtypes.ts';
import { placesOf } from './geometry.ts';
import { elementsOf, isForm, type Knowledge, uniformValue } from './knowledge.ts';
import { type Constant, isWhole, type Leaf, type View } from './node.ts';

/** Constants and views as tensors of the pass. */

/** Dimensions that the kernel of views has. */
const DIMENSIONS = 4;

/** Elements of `base` as `view` shows them. */
export function shown(base: Tensor, view: View): Tensor {
  if (isWhole(view, view.shape)) return shapedAs(base, view.shape);
  const columns = columnsOf(view);
  if (columns) return shapedAs(F.narrow(base, -1, columns.from, columns.count), view.shape);
  const runs = runsOf(view);
  if (runs.length > DIMENSIONS) return isReordered(base, view) ? byPermuting(base, view) : byNumber(base, view);
  const attributes: Record<string, number> = { offset: view.start };
  for (let i = 0; i < DIMENSIONS; i++) {
    const { size, stride } = runs[i - DIMENSIONS + runs.length] ?? { size: 1, stride: 0 };
    attributes[`d${i}`] = size;
    attributes[`s${i}`] = stride;
  }
  return shapedAs(apply('strided', { x: base }, attributes), view.shape);
}

const shapedAs = (x: Tensor, shape: Shape): Tensor => (sameShape(x.shape, shape) ? x : x.reshape(shape));

/** The columns that a view shows of every row of its base, if that is what it shows. */
function columnsOf({ base, start, shape, strides }: View): { from: number; count: number } | undefined {
  const width = base.shape.at(-1) as number;
  const rank = base.shape.length;
  const kept = stridesOf(base.shape);
  const lead = base.shape.slice(0, -1).every((size, i) => shape[i] === size && strides[i] === kept[i]);
  const count = shape.length === rank ? shape[rank - 1] : 1;
  const inner = shape.length === rank ? strides[rank - 1] === 1 || count === 1 : shape.length === rank - 1;
  return rank > 1 && lead && inner && count > 0 && count < width && start + count <= width ? { from: start, count } : undefined;
}

/** Dimensions of a view, as few of them left out or made one as have to be: which ones then depends on sizes as little as can be. */
function runsOf({ shape, strides }: View): { size: number; stride: number }[] {
  const runs = shape.map((size, i) => ({ size, stride: strides[i] }));
  while (runs.length > DIMENSIONS) {
    const one = runs.findIndex(({ size }) => size === 1);
    const joined = runs.findIndex(({ stride }, i) => i + 1 < runs.length && stride === runs[i + 1].stride * runs[i + 1].size);
    if (one >= 0) runs.splice(one, 1);
    else if (joined >= 0) runs.splice(joined, 2, { size: runs[joined].size * runs[joined + 1].size, stride: runs[joined + 1].stride });
    else return runs;
  }
  return runs;
}

/** Dimensions of a view in the order in which they lie in memory. */
const lyingOrder = ({ shape, strides }: View): number[] => [...shape.keys()].sort((a, b) => strides[b] - strides[a] || shape[a] - shape[b]);

/** Whether a view shows each element of its base once. */
function isReordered(base: Tensor, view: View): boolean {
  const order = lyingOrder(view);
  const lying = order.map((dim) => view.shape[dim]);
  const steps = stridesOf(lying);
  return sizeOf(view.shape) === base.size && order.every((dim, i) => lying[i] === 1 || view.strides[dim] === steps[i]);
}

/** A view of more dimensions than the kernel has, which {@link isReordered}. */
function byPermuting(base: Tensor, view: View): Tensor {
  const { shape } = view;
  const order = lyingOrder(view);
  const lying = order.map((dim) => shape[dim]);
  return F.permute(
    base.reshape(lying),
    shape.map((_, dim) => order.indexOf(dim)),
  );
}

/** Any other view of more dimensions than the kernel has: its elements looked up by where they lie. */
function byNumber(base: Tensor, { shape, strides, start }: View): Tensor {
  const count = sizeOf(shape);
  const ids = new Tensor('int32', [1, count], Int32Array.from(placesOf(shape, strides, start)));
  return apply('gather', { x: base.reshape([1, base.size]), ids }).reshape(shape);
}

/** A constant as a tensor: as numbers that the host writes for any size where it is one for each token of an input, or positions. */
export function constantTensor({ known, shape, dtype }: Constant, inputs: readonly Leaf[]): Tensor {
  const value = uniformValue(known);
  if (isFloating(dtype))
    return uniform('float32', value, shape) ?? new Tensor('float32', shape, Float32Array.from(elementsOf(known, shape)));
  const ids = inputs.filter((input) => input.shape.length === 2 && !isFloating(input.dtype));
  const tokens = ids.find((input) => `${input.shape}` === `${shape}`);
  if (tokens && value !== undefined && Number.isInteger(value) && value >= 0) return F.filled(tokens.tensor, value);
  return (
    placesIn(known, shape, tokens, ids) ??
    uniform('int32', value, shape) ??
    new Tensor('int32', shape, Int32Array.from(elementsOf(known, shape)))
  );
}

/** One number everywhere, which is the same program at every size. */
function uniform(dtype: 'float32' | 'int32', value: number | undefined, shape: Shape): Tensor | undefined {
  if (value === undefined || shape.length === 0) return undefined;
  const one = new Tensor(
    dtype,
    shape.map(() => 1),
    [value],
  );
  return sizeOf(shape) > 1 ? F.expand(one, shape) : one;
}

/** Positions of the tokens of an input: of all texts, or one row of them. */
function placesIn(known: Knowledge, shape: Shape, tokens: Leaf | undefined, ids: readonly Leaf[]): Tensor | undefined {
  const line = isForm(known) && !known.source ? known.linear : undefined;
  const last = shape.length - 1;
  const others = known.by.every((step, i) => (i === last ? step === 1 : step === 0 || shape[i] === 1));
  if (line?.slope !== 1 || !(line.start >= 0) || !Number.isInteger(line.start) || !others) return undefined;
  const of = tokens ?? (sizeOf(shape) === shape[last] ? ids.find((input) => input.shape[1] === shape[last]) : undefined);
  const places = of && F.positions(of.tensor, null, { offset: line.start });
  return tokens ? places : places && F.slice(places, 0, 0, 1).reshape(shape);
}

/** The number that a constant is everywhere. */
export const scalarOf = (node: Constant): number | undefined => uniformValue(node.known);
