import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { tensor } from '../tensor/creation.ts';
import type { Nested } from '../tensor/nested.ts';
import { type Tensor, tensorLike } from '../tensor/tensor.ts';
import type { Vectors } from '../text/similarity.ts';

/** Numbers of vectors, a row each. */
export interface Matrix {
  data: Float32Array | Int8Array | Uint8Array;
  dtype: 'float32' | 'int8' | 'uint8';
  rows: number;
  cols: number;
}

const KEPT: readonly string[] = ['float32', 'int8', 'uint8'] satisfies Matrix['dtype'][];

/** One vector or several as a matrix: bytes as they are, all other numbers as float32. Throws `value` and `shape` errors that name `what`. */
export function matrixOf(vectors: Vectors, what: string): Matrix {
  if (typeof vectors !== 'object' || vectors === null)
    throw new TraceletError('value', { what, expected: 'a vector or a list of vectors', got: describe(vectors) });
  const given = tensorLike(vectors) ?? tensor(vectors as Nested, { dtype: 'float32' });
  const kept = (KEPT.includes(given.dtype) ? given : given.to('float32')) as Tensor<Matrix['dtype']>;
  const { shape, data, dtype } = kept.operand(kept.dtype, what);
  const cols = shape.at(-1) as number;
  if (shape.length < 1 || shape.length > 2 || cols === 0)
    throw new TraceletError('shape', { what, expected: 'a vector [d] or vectors [n, d], d not 0', got: `[${shape}]` });
  return { data, dtype, rows: shape.length === 1 ? 1 : shape[0], cols };
}

/** Throws a `value` error where the numbers are gone, as those of buffers that were handed on. */
export function checkHeld({ data, rows, cols }: Matrix, what: string): void {
  if (data.length === rows * cols) return;
  throw new TraceletError('value', {
    what,
    expected: `${rows * cols} numbers`,
    got: `${data.length}: their buffer was detached or resized`,
  });
}

/** Some rows of a matrix. */
export function rowsOf(matrix: Matrix, begin: number, end: number, what: string): Matrix {
  checkHeld(matrix, what);
  const { data, cols } = matrix;
  return { ...matrix, data: data.subarray(begin * cols, end * cols), rows: end - begin };
}

/** That row `row` of `what` has a number that is none, or infinite. */
export const notFinite = (what: string, row: number): TraceletError =>
  new TraceletError('value', { what: `${what}: row ${row}`, expected: 'finite numbers', got: 'NaN or an infinity' });
