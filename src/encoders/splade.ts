import type { SentenceModule } from '../sentence/modules.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { SparseVector } from '../text/sparse.ts';

/** The words that text number `at` of an answer weighs, which has so many tokens: of weights [texts, words], or [texts, tokens, words]. */
export function spladeVector(
  { data, shape }: Tensor<'float32'>,
  at: number,
  tokens: number,
  { activation_function }: SentenceModule<'SpladePooling'>,
): SparseVector {
  const words = shape.at(-1) as number;
  const stride = data.length / shape[0];
  const rows = shape.length === 2 ? 1 : tokens;
  return spladeWeights(data.subarray(at * stride, at * stride + rows * words), words, activation_function === 'log1p_relu');
}

/** The sums of the logarithms of rows of weights, of which one is taken, or one of that. */
function spladeWeights(rows: Float32Array, words: number, twice: boolean): SparseVector {
  const sums = new Float64Array(words);
  for (let at = 0, word = 0; at < rows.length; at++, word = word + 1 === words ? 0 : word + 1) {
    if (rows[at] === 0) continue;
    const weight = Math.log1p(rows[at]);
    sums[word] += twice ? Math.log1p(weight) : weight;
  }
  const indices = Int32Array.from(sums.keys()).filter((word) => sums[word] !== 0);
  return { indices, values: Float32Array.from(indices, (word) => sums[word]) };
}
