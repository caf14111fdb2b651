import type { SentenceConfig } from '../sentence/config.ts';
import type { SentenceModule } from '../sentence/modules.ts';
import type { RowPart } from '../text/rows.ts';
import type { SparseVector } from '../text/sparse.ts';

/** Whether weights of words are looked up. */
export const isTable = ({ modules: [first] }: SentenceConfig): boolean => first.type === 'SparseStaticEmbedding';

/** The words that a text of such tokens weighs: by the weights that it has for each token, or for all, or by the weight of each of its tokens. */
export function weighing(sentence: SentenceConfig): (part: RowPart, ids: Int32Array) => SparseVector {
  if (isTable(sentence)) return ({ data }, ids) => tableWeights(data, ids);
  const { activation_function } = sentence.modules[1] as SentenceModule<'SpladePooling'>;
  return ({ data, width }, { length }) => spladeWeights(data.subarray(0, length * width), width, activation_function === 'log1p_relu');
}

/** The weights of the words that there are, however often. */
function tableWeights(weights: Float32Array, ids: Int32Array): SparseVector {
  const byWord = new Map(Array.from(ids, (id, at) => [id, weights[at]]));
  const indices = Int32Array.from(byWord.keys())
    .filter((id) => byWord.get(id) !== 0)
    .sort();
  return { indices, values: Float32Array.from(indices, (id) => byWord.get(id) as number) };
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
