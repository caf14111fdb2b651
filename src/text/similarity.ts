import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { tensor } from '../tensor/creation.ts';
import type { Nested } from '../tensor/nested.ts';
import { Tensor, type TensorLike, tensorLike } from '../tensor/tensor.ts';

type Vector = readonly number[] | Float32Array | Float64Array;

/** A vector, or a matrix of one a row: a tensor, numbers, or a list of vectors. */
export type Vectors = Tensor | TensorLike | Nested;

/** Vectors as they are compared. */
export interface Rows {
  rows: Float64Array[];
  width: number;
  /** Whether one vector was given, and no list. */
  single: boolean;
}

/** The rows of `vectors` in double precision. Throws `shape` and `value` errors that name `what`. */
export function rowsIn(vectors: Vectors, what: string): Rows {
  if (typeof vectors !== 'object')
    throw new TraceletError('value', { what, expected: 'a vector or a list of vectors', got: describe(vectors) });
  const { shape, data } = tensorLike(vectors)?.to('float64') ?? tensor(vectors as Nested, { dtype: 'float64' });
  if (shape.length < 1 || shape.length > 2 || shape.at(-1) === 0)
    throw new TraceletError('shape', { what, expected: 'a vector [d] or vectors [n, d], d not 0', got: `[${shape}]` });
  const width = shape[shape.length - 1];
  const rows = Array.from({ length: shape.length === 1 ? 1 : shape[0] }, (_, i) => data.slice(i * width, (i + 1) * width));
  return { rows, width, single: shape.length === 1 };
}

/** The rows of two lists of vectors, proved to be of one width. */
export function bothIn(a: Vectors, b: Vectors, what: string): [left: Rows, right: Rows] {
  const [left, right] = [rowsIn(a, `${what}: first`), rowsIn(b, `${what}: second`)];
  if (left.width === right.width) return [left, right];
  throw new TraceletError('shape', { what, expected: 'vectors of one width', got: `${left.width} and ${right.width}` });
}

/** `row` scaled to length 1; one of zeros stays one. Throws a `value` error for what is not finite. */
export function unit(row: Float64Array, what: string): Float64Array {
  const bad = row.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new TraceletError('value', { what, expected: 'finite numbers', got: `${bad}` });
  const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return row;
  const norm = Math.sqrt(row.reduce((sum, value) => sum + (value / largest) ** 2, 0));
  return row.map((value) => value / largest / norm);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return Math.max(-1, Math.min(1, sum));
}

/**
 * Cosine similarity, as `sentence_transformers.util.cos_sim`: a number for two vectors, and otherwise float32 [n, m] for n and m vectors, a
 * single one counting as one row. It is 0 where a vector is all zeros. Throws `shape` errors for vectors of unequal widths, and `value` errors.
 */
export function similarity(a: Vector, b: Vector): number;
export function similarity(a: Vectors, b: Vectors): number | Tensor<'float32'>;
export function similarity(a: Vectors, b: Vectors): number | Tensor<'float32'> {
  const [left, right] = bothIn(a, b, 'similarity');
  const [rows, others] = [left.rows.map((row) => unit(row, 'similarity: first')), right.rows.map((row) => unit(row, 'similarity: second'))];
  if (left.single && right.single) return dot(rows[0], others[0]);
  const values = new Float32Array(rows.length * others.length);
  let at = 0;
  for (const row of rows) for (const other of others) values[at++] = dot(row, other);
  return new Tensor('float32', [rows.length, others.length], values);
}
