import { isObject } from '../base/json.ts';
import { proved } from '../base/options.ts';
import { FLAG, NAMES, TEXT } from '../base/schema.ts';
import { SentenceTransformer } from '../encoders/late.ts';
import { textOf } from './rows.ts';
import type { CallOptions, Given, Task } from './task.ts';

/** Options of {@link SentenceComparer}. */
export interface SimilarityOptions extends CallOptions {
  /** The end of texts that are too long is left out: true and told unless given, an error where false. */
  truncation?: boolean;
  /** Words to put before all texts. */
  prompt?: string;
  /** The name of a prompt of the folder. */
  prompt_name?: string;
}

/** Compares a sentence with others, in their order: by the similarity that the folder names, else by cosine. */
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
    const model = await SentenceTransformer.from_pretrained(traced);
    const vectors = await model.encode([source, ...sentences], { ...call, truncate: truncation });
    return [...model.similarity(vectors[0], vectors).data.subarray(1)];
  },
};
