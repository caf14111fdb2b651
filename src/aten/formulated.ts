import * as F from '../nn/functional.ts';
import { type Shape, sizeOf, Tensor } from '../tensor/tensor.ts';
import { isFloating } from './dtypes.ts';
import { type Form, isForm, type Linear } from './knowledge.ts';
import type { Constant } from './node.ts';

/** Constants as ops that make them at any size, where written out they would be others at each. */

/** Elements of forms that are no lines are looked up in a table, from this place before 0 to the same behind it. */
const FURTHEST = 4096;

const one = (): Tensor => new Tensor('float32', [1], Float32Array.of(1));

/** 1 for each of so many. */
const ones = (size: number): Tensor => F.expand(one(), [size]);

/** 0, 1, … along a dimension of so many. */
const places = (shape: Shape, dim: number): Tensor =>
  F.sub(F.cumsum(ones(shape[dim]), 0), 1).reshape(shape.map((size, i) => (i === dim ? size : 1)));

const varying = ({ by }: Form, shape: Shape): number[] => [...shape.keys()].filter((dim) => by[dim] !== 0);

/** The sum of steps to each element, of 1 where they do not vary. */
const sums = (form: Form, shape: Shape, dims: readonly number[]): Tensor =>
  dims.map((dim) => F.scale(places(shape, dim), form.by[dim])).reduce((sum, each) => F.add(sum, each));

/** slope · t + start; where that comes down to 0 at the end, by how many there are. */
function line(t: Tensor, { start, slope }: Linear, form: Form, shape: Shape, dims: readonly number[]): Tensor {
  const [dim] = dims;
  const step = -slope * form.by[dim];
  if (dims.length === 1 && step > 0 && start === step * (shape[dim] - 1))
    return F.scale(F.sub(F.sub(F.sum(ones(shape[dim]), 0, true), 1), places(shape, dim)), step);
  const sloped = F.scale(t, slope);
  return start === 0 ? sloped : F.add(sloped, start);
}

/** What `form` says of t, looked up. */
function lookedUp(t: Tensor, form: Form): Tensor {
  const table = Float32Array.from({ length: 2 * FURTHEST + 1 }, (_, i) => form.at(i - FURTHEST, 0));
  const at = F.add(t, FURTHEST).to('int32');
  return F.embedding(at, new Tensor('float32', [table.length, 1], table)).reshape(t.shape);
}

/** `constant` at any size; undefined where no formula says it. */
export function formulated({ known, shape, dtype }: Constant): Tensor | undefined {
  if (!isForm(known) || known.source || sizeOf(shape) === 0) return undefined;
  const dims = varying(known, shape);
  const reach = dims.reduce((sum, dim) => sum + Math.abs(known.by[dim]) * (shape[dim] - 1), 0);
  if (dims.length === 0 || !known.by.every(Number.isInteger) || reach > (known.linear ? 2 ** 24 : FURTHEST)) return undefined;
  const t = sums(known, shape, dims);
  const made = F.expand(known.linear ? line(t, known.linear, known, shape, dims) : lookedUp(t, known), shape);
  return isFloating(dtype) ? made : made.to('int32');
}
