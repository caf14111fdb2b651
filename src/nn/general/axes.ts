import { TraceletError } from '../../base/error.ts';
import { broadcastShape } from '../../ops/broadcast.ts';
import { TENSOR, taking, WHOLES } from '../../tensor/arguments.ts';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape, Tensor } from '../../tensor/tensor.ts';
import { permuted } from '../views.ts';

type Sizes = [shape: Shape] | number[];
/** An op that takes a list of numbers, or these one by one. */
export type OfList = <D extends DType>(input: Tensor<D>, ...shape: Sizes) => Tensor<D>;

/** {@link OfList} of that name in `F`. */
export const ofList = (name: string, body: (x: Tensor, list: Shape) => Tensor): OfList => {
  const taken = taking(`F.${name}`, { input: TENSOR, shape: WHOLES }, body);
  return ((input: Tensor, ...list: unknown[]) => (typeof list[0] === 'number' ? taken(input, list) : taken(input, ...list))) as never;
};

/** Dimensions reordered so that those of `last` stand behind the others. */
export function withLast(x: Tensor, last: readonly number[]): Tensor {
  const order = [...x.shape.keys()].filter((dim) => !last.includes(dim)).concat(last);
  return order.every((dim, i) => dim === i) ? x : permuted(x, order);
}

/** The inverse of {@link withLast} of one dimension. */
export function withBack(x: Tensor, dim: number): Tensor {
  const axes = [...x.shape.keys()];
  const order = [...axes.filter((axis) => axis !== dim), dim];
  const back = axes.map((axis) => order.indexOf(axis));
  return back.every((from, axis) => from === axis) ? x : permuted(x, back);
}

/** The shape to which all of these are repeated. Throws a `shape` error where there is none. */
export function commonShape(what: string, ...shapes: Shape[]): Shape {
  const shape = broadcastShape(shapes);
  if (shape) return shape;
  const got = shapes.map((each) => `[${each}]`).join(' and ');
  throw new TraceletError('shape', { what, expected: 'shapes equal but for dimensions of 1', got });
}
