import { isObject } from '../base/json.ts';
import { proved } from '../base/options.ts';
import { FLAG, NAMES, TEXT } from '../base/schema.ts';
import { similarity } from '../text/similarity.ts';
import { textOf } from './rows.ts';
import type { CallOptions, Given, Task } from './task.ts';

/** Options of {@link SentenceComparer}. */
export interface SimilarityOptions extends CallOptions {
  /** Leaves out the end of texts that are too long; an error unless given. */
  truncation?: boolean;
  /** Words to put before all texts. */
  prompt?: string;
  /** The name of a prompt of the folder. */
  prompt_name?: string;
}

/** Compares a sentence with others: the cosine of their vectors with its own, in their order. */
export interface SentenceComparer {
  (source_sentence: string, sentences: readonly string[], options?: SimilarityOptions): Promise<number[]>;
  (input: { source_sentence: string; sentences: readonly string[] }, options?: SimilarityOptions): Promise<number[]>;
}

function inputOf([first, second]: Given): { source: string; sentences: readonly string[] } {
  const [source, sentences] = isObject(first) && second === undefined ? [first.source_sentence, first.sentences] : [first, second];
  return { source: textOf(source, 'source_sentence'), sentences: proved('sentences', sentences, NAMES) };
}

export const sentenceSimilarity: Task<SimilarityOptions> = {
  name: 'sentence-similarity',
  aliases: [],
  head: 'SentenceEmbedder',
  outputs: ['sentence_embedding'],
  arity: 2,
  options: { truncation: FLAG, prompt: TEXT, prompt_name: TEXT },

  async answer({ traced }, given, { truncation, ...call }) {
    const { source, sentences } = inputOf(given);
    const [own, ...others] = await traced.embed([source, ...sentences], { ...call, truncate: truncation });
    return others.map((vector) => similarity(own.data as Float32Array, vector.data as Float32Array));
  },
};
