import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { Tensor, tensorLike } from '../tensor/tensor.ts';

/** How two lists of vectors may be compared: by the sum over the first of the largest product with one of the second, or by its mean. */
export const LATE_SIMILARITIES = ['maxsim', 'meanmaxsim'] as const;
export type LateSimilarity = (typeof LATE_SIMILARITIES)[number];

/** A matrix of a vector a token, or several such. */
export type Matrices = Tensor | readonly Tensor[];

/** What a text without any vector scores, as in sentence-transformers: below all others. */
const NOTHING = -1e9;

/** The matrices given, proved to be of one width. Throws `value` and `shape` errors that name `what`. */
function matricesIn(what: string, given: Matrices): Tensor<'float32'>[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return Array.from(list, (value, i) => {
    const matrix = tensorLike(value);
    if (!matrix) throw new TraceletError('value', { what: `${what}[${i}]`, expected: 'a tensor [tokens, width]', got: describe(value) });
    if (matrix.shape.length === 2 && matrix.shape[1] > 0) return matrix.to('float32') as Tensor<'float32'>;
    throw new TraceletError('shape', { what: `${what}[${i}]`, expected: '[tokens, width]', got: `[${matrix.shape}]` });
  });
}

function maxsim({ data: a, shape: [rows, width] }: Tensor<'float32'>, { data: b, shape: [others] }: Tensor<'float32'>): number {
  if (others === 0) return NOTHING;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    let best = -Infinity;
    for (let other = 0; other < others; other++) {
      let dot = 0;
      for (let col = 0; col < width; col++) dot += a[row * width + col] * b[other * width + col];
      if (dot > best) best = dot;
    }
    sum += best;
  }
  return sum;
}

/** How much each of `a` says of each of `b`: float32 [n, m]. Throws `value` and `shape` errors. */
export function lateSimilarities(by: LateSimilarity, a: Matrices, b: Matrices): Tensor<'float32'> {
  const what = 'similarity()';
  const [left, right] = [matricesIn(`${what}: first`, a), matricesIn(`${what}: second`, b)];
  const widths = new Set([...left, ...right].map(({ shape }) => shape[1]));
  if (widths.size > 1) throw new TraceletError('shape', { what, expected: 'vectors of one width', got: [...widths].join(' and ') });
  const scores = left.flatMap((query) =>
    right.map((document) => maxsim(query, document) / (by === 'meanmaxsim' ? Math.max(1, query.shape[0]) : 1)),
  );
  return new Tensor('float32', [left.length, right.length], scores);
}
