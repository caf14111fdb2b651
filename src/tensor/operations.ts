import type { Operand } from './arguments.ts';
import type { DType } from './dtype.ts';
import type { Tensor } from './tensor.ts';

/** Ops of `F` as methods of tensors, which are their first operand. */
export interface TensorOps<D extends DType = DType> {
  /** As `F.add`. */
  add(other: Operand, options?: { alpha?: number }): Tensor<'float32'>;
  /** As `F.sub`. */
  sub(other: Operand, options?: { alpha?: number }): Tensor<'float32'>;
  /** As `F.mul`. */
  mul(other: Operand): Tensor<'float32'>;
  /** As `F.matmul`. */
  matmul(other: Operand): Tensor<'float32'>;
  /** As `F.softmax`. */
  softmax(dim?: number): Tensor<'float32'>;
  /** As `F.relu`. */
  relu(): Tensor<'float32'>;
  /** As `F.sigmoid`. */
  sigmoid(): Tensor<'float32'>;
  /** As `F.tanh`. */
  tanh(): Tensor<'float32'>;
  /** As `F.permute`. */
  permute(...dims: number[] | [dims: readonly number[]]): Tensor<D>;
  /** As `F.transpose`. */
  transpose(dim0: number, dim1: number): Tensor<D>;
  /** As `F.select`. */
  select(dim: number, index: number): Tensor<D>;
  /** As `F.narrow`. */
  narrow(dim: number, start: number, length: number): Tensor<D>;
  /** A part, as in transformers.js: for each dimension an index, which takes the dimension away, [begin, end), or null for all of it. */
  slice(...parts: readonly (number | null | readonly [begin: number, end: number])[]): Tensor<D>;
  /** A part along the first dimension, as `select(0, index)`; a negative one counts from the end. */
  readonly [index: number]: Tensor<D>;
  /** Size of the first dimension. */
  readonly length: number;
  /** The dimensions in reverse order. */
  readonly T: Tensor<D>;
}
