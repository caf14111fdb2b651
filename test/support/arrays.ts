import type { Shape, Tensor } from '../../src/tensor/tensor.ts';

/** Numbers by index, in float64. */
export interface Numbers {
  shape: Shape;
  at(index: readonly number[]): number;
}

/** Every index of a shape, in row-major order. */
export function* indexesOf(shape: Shape): Generator<number[]> {
  if (shape.length === 0) return yield [];
  const [size, ...rest] = shape;
  for (let i = 0; i < size; i++) for (const index of indexesOf(rest)) yield [i, ...index];
}

export const numbersOf = (tensor: Tensor): Numbers => {
  const steps = tensor.shape.map((_, i) => tensor.shape.slice(i + 1).reduce((a, b) => a * b, 1));
  return { shape: tensor.shape, at: (index) => Number(tensor.data[index.reduce((sum, i, dim) => sum + i * steps[dim], 0)]) };
};

/** All numbers in row-major order. */
export const listOf = ({ shape, at }: Numbers): number[] => [...indexesOf(shape)].map(at);

/** What `shape`, to which that of `numbers` is repeated, has where. */
export const repeatedTo = ({ shape: own, at }: Numbers, shape: Shape): Numbers => ({
  shape,
  at: (index) => at(own.map((size, i) => (size === 1 ? 0 : index[i + shape.length - own.length]))),
});

/** The shape to which shapes are repeated. */
export const commonShape = (...shapes: Shape[]): number[] =>
  Array.from({ length: Math.max(...shapes.map(({ length }) => length)) }, (_, i, rank = Math.max(...shapes.map(({ length }) => length))) =>
    shapes.reduce((size, shape) => {
      const its = shape[i - rank + shape.length] ?? 1;
      return its === 1 ? size : its;
    }, 1),
  );

/** `of` over elements that are repeated to one shape. */
export function elementwise(of: (...values: number[]) => number, ...operands: Numbers[]): Numbers {
  const shape = commonShape(...operands.map((operand) => operand.shape));
  const repeated = operands.map((operand) => repeatedTo(operand, shape));
  return { shape, at: (index) => of(...repeated.map(({ at }) => at(index))) };
}

/** `of` over the elements along `dims`. */
export function reducedOver(of: (row: number[]) => number, { shape, at }: Numbers, dims: readonly number[], keepdim: boolean): Numbers {
  const kept = shape.map((size, dim) => (dims.includes(dim) ? 1 : size));
  const along = shape.map((size, dim) => (dims.includes(dim) ? size : 1));
  const whole: Numbers = { shape: kept, at: (index) => of([...indexesOf(along)].map((by) => at(by.map((i, dim) => i + index[dim])))) };
  if (keepdim) return whole;
  const left = [...shape.keys()].filter((dim) => !dims.includes(dim));
  return {
    shape: left.map((dim) => shape[dim]),
    at: (index) => whole.at(shape.map((_, dim) => (left.includes(dim) ? index[left.indexOf(dim)] : 0))),
  };
}
