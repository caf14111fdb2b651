import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { Tensor } from '../tensor/tensor.ts';
import { bothIn, type Rows, unit, type Vectors } from './similarity.ts';

type Compare = (a: Float64Array, b: Float64Array) => number;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function euclidean(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return -Math.sqrt(sum);
}

function manhattan(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i] - b[i]);
  return -sum;
}

/** How vectors may be compared: the larger the more alike, so that distances are negative. As `sentence_transformers.SimilarityFunction`. */
export const SIMILARITIES = { cosine: dot, dot, euclidean, manhattan } as const satisfies Record<string, Compare>;
export type Similarity = keyof typeof SIMILARITIES;

/** The way of comparing that a folder names; `usual` where it names none. Throws a `config` error for others. */
export function similarityNamed<Name extends string>(name: string | null, known: readonly Name[], usual: Name): Name {
  const found = (name ?? usual) as Name;
  if (known.includes(found)) return found;
  throw new TraceletError('config', {
    what: 'similarity_fn_name of the folder',
    expected: `one of ${known.join(', ')}`,
    got: describe(name),
  });
}

/** Only the cosine looks at directions alone. */
const prepared = (by: Similarity, { rows }: Rows, what: string): Float64Array[] =>
  by === 'cosine' ? rows.map((row) => unit(row, what)) : rows;

/** How alike each of `a` is to each of `b`: float32 [n, m], a single vector counting as one row. Throws `shape` and `value` errors. */
export function similarities(by: Similarity, a: Vectors, b: Vectors): Tensor<'float32'> {
  const what = 'similarity()';
  const [left, right] = bothIn(a, b, what).map((side) => prepared(by, side, what));
  const values = left.flatMap((row) => right.map((other) => SIMILARITIES[by](row, other)));
  return new Tensor('float32', [left.length, right.length], values);
}

/** How alike each of `a` is to that of `b` with its number: float32 [n]. Throws `shape` and `value` errors. */
export function pairwiseSimilarities(by: Similarity, a: Vectors, b: Vectors): Tensor<'float32'> {
  const what = 'similarity_pairwise()';
  const [left, right] = bothIn(a, b, what).map((side) => prepared(by, side, what));
  if (left.length !== right.length)
    throw new TraceletError('shape', { what, expected: 'as many vectors as others', got: `${left.length} and ${right.length}` });
  return new Tensor(
    'float32',
    [left.length],
    left.map((row, i) => SIMILARITIES[by](row, right[i])),
  );
}
