import type { SentenceModule } from '../sentence/modules.ts';
import type { RowPart } from '../text/rows.ts';
import type { SparseVector } from '../text/sparse.ts';

/** The words that a text of so many tokens weighs, by the weights that it has for each token, or for all. */
export const spladeVector = (
  { data, width }: RowPart,
  tokens: number,
  { activation_function }: SentenceModule<'SpladePooling'>,
): SparseVector => spladeWeights(data.subarray(0, tokens * width), width, activation_function === 'log1p_relu');

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
