import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { tensor } from '../tensor/creation.ts';
import type { Nested } from '../tensor/nested.ts';
import { Tensor, type TensorLike, tensorLike } from '../tensor/tensor.ts';

type Vector = readonly number[] | Float32Array | Float64Array;

/** A vector, or a matrix of one a row: a tensor, numbers, or a list of vectors. */
export type Vectors = Tensor | TensorLike | Nested;

/** The rows of `vectors`, scaled to length 1 in double precision; a row of zeros stays one. */
function unitRows(vectors: Vectors, what: string): { rows: Float64Array[]; width: number; single: boolean } {
  if (typeof vectors !== 'object')
    throw new TraceletError('value', { what, expected: 'a vector or a list of vectors', got: describe(vectors) });
  const { shape, data } = tensorLike(vectors)?.to('float64') ?? tensor(vectors as Nested, { dtype: 'float64' });
  if (shape.length < 1 || shape.length > 2 || shape.at(-1) === 0)
    throw new TraceletError('shape', { what, expected: 'a vector [d] or vectors [n, d], d not 0', got: `[${shape}]` });
  const width = shape[shape.length - 1];
  const rows = Array.from({ length: shape.length === 1 ? 1 : shape[0] }, (_, i) => unit(data.slice(i * width, (i + 1) * width), what));
  return { rows, width, single: shape.length === 1 };
}

function unit(row: Float64Array, what: string): Float64Array {
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
  const [left, right] = [unitRows(a, 'similarity: first'), unitRows(b, 'similarity: second')];
  if (left.width !== right.width)
    throw new TraceletError('shape', { what: 'similarity', expected: 'vectors of one width', got: `${left.width} and ${right.width}` });
  if (left.single && right.single) return dot(left.rows[0], right.rows[0]);
  const values = new Float32Array(left.rows.length * right.rows.length);
  let at = 0;
  for (const row of left.rows) for (const other of right.rows) values[at++] = dot(row, other);
  return new Tensor('float32', [left.rows.length, right.rows.length], values);
}
