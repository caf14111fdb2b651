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
  /** As `F.div`. */
  div(other: Operand, options?: { rounding_mode?: 'floor' | 'trunc' | null }): Tensor<'float32'>;
  /** As `F.floor_divide`. */
  floor_divide(other: Operand): Tensor<'float32'>;
  /** As `F.remainder`. */
  remainder(other: Operand): Tensor<'float32'>;
  /** As `F.minimum`. */
  minimum(other: Operand): Tensor<'float32'>;
  /** As `F.maximum`. */
  maximum(other: Operand): Tensor<'float32'>;
  /** As `F.pow`. */
  pow(exponent: Operand): Tensor<'float32'>;
  /** As `F.clamp`. */
  clamp(min?: Operand | null, max?: Operand | null): Tensor<'float32'>;
  clamp(bounds: { min?: Operand; max?: Operand }): Tensor<'float32'>;
  /** As `F.neg`. */
  neg(): Tensor<'float32'>;
  /** As `F.abs`. */
  abs(): Tensor<'float32'>;
  /** As `F.exp`. */
  exp(): Tensor<'float32'>;
  /** As `F.log`. */
  log(): Tensor<'float32'>;
  /** As `F.sqrt`. */
  sqrt(): Tensor<'float32'>;
  /** As `F.rsqrt`. */
  rsqrt(): Tensor<'float32'>;
  /** As `F.reciprocal`. */
  reciprocal(): Tensor<'float32'>;
  /** As `F.square`. */
  square(): Tensor<'float32'>;
  /** As `F.erf`. */
  erf(): Tensor<'float32'>;
  /** As `F.sin`. */
  sin(): Tensor<'float32'>;
  /** As `F.cos`. */
  cos(): Tensor<'float32'>;
  /** As `F.floor`. */
  floor(): Tensor<'float32'>;
  /** As `F.ceil`. */
  ceil(): Tensor<'float32'>;
  /** As `F.round`. */
  round(): Tensor<'float32'>;
  /** As `F.trunc`. */
  trunc(): Tensor<'float32'>;
  /** As `F.sign`. */
  sign(): Tensor<'float32'>;
  /** As `F.eq`. */
  eq(other: Operand): Tensor<'int32'>;
  /** As `F.ne`. */
  ne(other: Operand): Tensor<'int32'>;
  /** As `F.lt`. */
  lt(other: Operand): Tensor<'int32'>;
  /** As `F.le`. */
  le(other: Operand): Tensor<'int32'>;
  /** As `F.gt`. */
  gt(other: Operand): Tensor<'int32'>;
  /** As `F.ge`. */
  ge(other: Operand): Tensor<'int32'>;
  /** As `F.logical_and`. */
  logical_and(other: Operand): Tensor<'int32'>;
  /** As `F.logical_or`. */
  logical_or(other: Operand): Tensor<'int32'>;
  /** As `F.logical_xor`. */
  logical_xor(other: Operand): Tensor<'int32'>;
  /** As `F.logical_not`. */
  logical_not(): Tensor<'int32'>;
  /** This tensor where `condition` is not 0, `other` elsewhere, as `F.where`. */
  where(condition: Operand, other: Operand): Tensor;
  /** As `F.masked_fill`. */
  masked_fill(mask: Operand, value: Operand): Tensor<D>;
  /** As `F.bmm`. */
  bmm(mat2: Operand): Tensor<'float32'>;
  /** As `F.sum`. */
  sum(dim?: number | readonly number[] | null, keepdim?: boolean): Tensor<'float32'>;
  sum(options: { dim?: number | readonly number[]; keepdim?: boolean }): Tensor<'float32'>;
  /** As `F.mean`. */
  mean(dim?: number | readonly number[] | null, keepdim?: boolean): Tensor<'float32'>;
  mean(options: { dim?: number | readonly number[]; keepdim?: boolean }): Tensor<'float32'>;
  /** As `F.amax`. */
  amax(dim?: number | readonly number[] | null, keepdim?: boolean): Tensor<'float32'>;
  amax(options: { dim?: number | readonly number[]; keepdim?: boolean }): Tensor<'float32'>;
  /** As `F.amin`. */
  amin(dim?: number | readonly number[] | null, keepdim?: boolean): Tensor<'float32'>;
  amin(options: { dim?: number | readonly number[]; keepdim?: boolean }): Tensor<'float32'>;
  /** As `F.all`. */
  all(dim?: number | readonly number[] | null, keepdim?: boolean): Tensor<'int32'>;
  /** As `F.any`. */
  any(dim?: number | readonly number[] | null, keepdim?: boolean): Tensor<'int32'>;
  /** As `F.var`. */
  var(dim?: number | readonly number[] | null, options?: { correction?: 0 | 1; keepdim?: boolean }): Tensor<'float32'>;
  /** As `F.std`. */
  std(dim?: number | readonly number[] | null, options?: { correction?: 0 | 1; keepdim?: boolean }): Tensor<'float32'>;
  /** As `F.argmax`. */
  argmax(dim?: number, keepdim?: boolean): Tensor<'int32'>;
  /** As `F.argmin`. */
  argmin(dim?: number, keepdim?: boolean): Tensor<'int32'>;
  /** As `F.cumsum`. */
  cumsum(dim: number): Tensor<'float32'>;
  /** As `F.gather`. */
  gather(dim: number, index: Operand): Tensor<D>;
  /** As `F.index_select`. */
  index_select(dim: number, index: Operand): Tensor<D>;
  /** As `F.topk`. */
  topk(
    k: number,
    dim?: number,
    largest?: boolean,
    sorted?: true,
  ): [values: Tensor<D>, indices: Tensor<'int32'>] & {
    readonly values: Tensor<D>;
    readonly indices: Tensor<'int32'>;
  };
  /** As `F.log_softmax`. */
  log_softmax(dim?: number): Tensor<'float32'>;
  /** As `F.expand`. */
  expand(...shape: number[] | [shape: readonly number[]]): Tensor<D>;
  /** As `F.broadcast_to`. */
  broadcast_to(...shape: number[] | [shape: readonly number[]]): Tensor<D>;
  /** As `F.repeat`. */
  repeat(...shape: number[] | [shape: readonly number[]]): Tensor<D>;
  /** As `F.repeat_interleave`. */
  repeat_interleave(repeats: number, dim?: number): Tensor<D>;
  /** As `F.chunk`. */
  chunk(chunks: number, dim?: number): Tensor<D>[];
  /** As `F.split`. */
  split(split_size: number | readonly number[], dim?: number): Tensor<D>[];
  /** As `F.unbind`. */
  unbind(dim?: number): Tensor<D>[];
  /** As `to('float32')`. */
  float(): Tensor<'float32'>;
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
