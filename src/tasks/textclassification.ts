import { oneOf, orNull, SIZE } from '../base/schema.ts';
import { type Facts, labelOf } from './facts.ts';
import { answerRows, CUT_OPTIONS, type CutOptions, encodeRows, listOf, type NamedText, partsOf, type TextOrPair } from './rows.ts';
import { largest, SCORES, type ScoreFunction, topIndexes } from './scores.ts';
import type { CallOptions, Listed, Task, TopK } from './task.ts';

/** A label with its score. */
export interface Classified {
  label: string;
  score: number;
}

/** Options of {@link TextClassifier}. */
export interface ClassifyOptions extends CallOptions, CutOptions {
  /** How many labels of each text, the likeliest first; null for all of them. */
  top_k?: number | null;
  /** As the model says unless given: sigmoid for one label or several at once, none for regression, else softmax. */
  function_to_apply?: ScoreFunction;
}

/** Scores labels for texts. Without `top_k`, which is `Usual` unless a call says it, the answer is the likeliest label of each. */
export interface TextClassifier<Usual extends TopK = undefined> {
  (text: NamedText, options?: ClassifyOptions): Promise<Classified[]>;
  (texts: readonly TextOrPair[], options: ClassifyOptions & { top_k: number | null }): Promise<Classified[][]>;
  (texts: readonly TextOrPair[], options?: ClassifyOptions & { top_k?: undefined }): Promise<Listed<Classified, Usual>[]>;
}

/** What makes scores of `count` logits where a call does not say. */
export function functionFor({ problem_type }: Facts, count: number): ScoreFunction {
  if (problem_type === 'regression') return 'none';
  return problem_type === 'multi_label_classification' || count === 1 ? 'sigmoid' : 'softmax';
}

export const textClassification: Task<ClassifyOptions> = {
  name: 'text-classification',
  aliases: ['sentiment-analysis'],
  head: 'ForSequenceClassification',
  outputs: ['logits'],
  arity: 1,
  options: { ...CUT_OPTIONS, top_k: orNull(SIZE), function_to_apply: oneOf<ScoreFunction>(['sigmoid', 'softmax', 'none']) },
  cures: { return_all_scores: 'Did you mean top_k: null?', topk: 'Did you mean top_k?' },

  async answer(host, [input], { top_k, function_to_apply, truncation, max_length, ...call }) {
    const { items, isList } = listOf(input, 'text', partsOf);
    const nameOf = (index: number): string => (isList ? `texts[${index}]` : 'text');
    const rows = await encodeRows(host, items, { truncation, max_length, nameOf, signal: call.signal });
    const results: Classified[][] = rows.map(() => []);
    await answerRows(host, rows, this.outputs, call, (row, { data }) => {
      const scores = SCORES[function_to_apply ?? functionFor(host.facts, data.length)](data);
      const chosen = top_k === undefined ? [largest(scores)] : topIndexes(scores, top_k ?? scores.length);
      results[row] = chosen.map((id) => ({ label: labelOf(host.facts, id), score: scores[id] }));
    });
    if (!isList) return results[0];
    return top_k === undefined ? results.flat() : results;
  },
};
