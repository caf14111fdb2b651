import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { typedArrayName } from '../base/realm.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Similarity } from './scores.ts';

/** A vector of which most numbers are 0: where the others stand, in their order, and what they are. */
export interface SparseVector {
  indices: Int32Array;
  values: Float32Array;
}

const isSparse = (value: unknown): value is SparseVector => {
  const { indices, values } = (isObject(value) ? value : {}) as Partial<SparseVector>;
  if (typedArrayName(indices) !== 'Int32Array' || typedArrayName(values) !== 'Float32Array') return false;
  return indices?.length === values?.length && (indices?.every((at, i) => at > (indices[i - 1] ?? -1)) ?? false);
};

/** One vector or a list of them as a list. Throws a `value` error that names `what`. */
export function proveSparse(what: string, given: SparseVector | readonly SparseVector[]): readonly SparseVector[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const bad = Array.from(list).findIndex((vector) => !isSparse(vector));
  if (bad < 0) return list as readonly SparseVector[];
  const expected = 'a vector { indices, values } as encode() answers it, or a list of such';
  throw new TraceletError('value', { what, expected, got: describe(list[bad]) });
}

/** The vector with no more than `most` of its numbers, those that are furthest from 0, the first of equal ones. */
export function strongest({ indices, values }: SparseVector, most: number): SparseVector {
  if (most >= values.length) return { indices, values };
  const order = [...values.keys()].sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b);
  const kept = Int32Array.from(order.slice(0, most)).sort();
  return { indices: Int32Array.from(kept, (i) => indices[i]), values: Float32Array.from(kept, (i) => values[i]) };
}

/** The sum over all places of what `of` makes of the numbers of both vectors there. */
function summed(a: SparseVector, b: SparseVector, of: (a: number, b: number) => number): number {
  let [sum, i, j] = [0, 0, 0];
  while (i < a.indices.length || j < b.indices.length) {
    const [left, right] = [a.indices[i] ?? Infinity, b.indices[j] ?? Infinity];
    sum += of(left <= right ? a.values[i] : 0, right <= left ? b.values[j] : 0);
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return sum;
}

const dot = (a: SparseVector, b: SparseVector): number => summed(a, b, (x, y) => x * y);

const COMPARE: Readonly<Record<Similarity, (a: SparseVector, b: SparseVector) => number>> = {
  dot,
  cosine: (a, b) => dot(a, b) / (Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b)) || 1),
  euclidean: (a, b) => -Math.sqrt(summed(a, b, (x, y) => (x - y) ** 2)),
  manhattan: (a, b) => -summed(a, b, (x, y) => Math.abs(x - y)),
};

/** How alike each of `a` is to each of `b`: float32 [n, m]. */
export function sparseSimilarities(by: Similarity, a: readonly SparseVector[], b: readonly SparseVector[]): Tensor<'float32'> {
  const values = a.flatMap((row) => b.map((other) => COMPARE[by](row, other)));
  return new Tensor('float32', [a.length, b.length], values);
}
