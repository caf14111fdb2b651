import { isObject } from '../base/json.ts';
import { proved } from '../base/options.ts';
import { FLAG, NAMES, oneOf, orNull, SIZE, TEXT } from '../base/schema.ts';
import type { Ranked } from '../encoders/crossencoder.ts';
import { CrossEncoder } from '../encoders/late.ts';
import { textOf } from './rows.ts';
import type { CallOptions, Given, Task } from './task.ts';

/** Options of {@link Ranker}. */
export interface TextRankingOptions extends CallOptions {
  /** How many documents, the best first; all of them unless given. */
  top_k?: number | null;
  return_documents?: boolean;
  /** What makes a score of a logit: what the folder of the cross-encoder says, else sigmoid. */
  function_to_apply?: 'sigmoid' | 'none';
  /** Of two texts that do not fit, the end of the longer one is left out: true and told unless given, an error where false. */
  truncation?: boolean;
  /** Words to put before the query. */
  prompt?: string;
  /** The name of a prompt of the folder. */
  prompt_name?: string;
}

/** Orders documents by what they have to do with a query. As `CrossEncoder.rank` of sentence-transformers. */
export interface Ranker {
  (query: string, documents: readonly string[], options?: TextRankingOptions): Promise<Ranked[]>;
  (input: { query: string; documents: readonly string[] }, options?: TextRankingOptions): Promise<Ranked[]>;
}

function inputOf([first, second]: Given): { query: string; documents: readonly string[] } {
  const [query, documents] = isObject(first) && second === undefined ? [first.query, first.documents] : [first, second];
  return { query: textOf(query, 'query'), documents: proved('documents', documents, NAMES) };
}

const ACTIVATIONS = { sigmoid: 'Sigmoid', none: 'Identity' } as const;

export const textRanking: Task<TextRankingOptions> = {
  name: 'text-ranking',
  aliases: ['reranker'],
  head: 'CrossEncoder',
  outputs: ['scores'],
  arity: 2,
  options: {
    top_k: orNull(SIZE),
    return_documents: FLAG,
    function_to_apply: oneOf<keyof typeof ACTIVATIONS>(['sigmoid', 'none']),
    truncation: FLAG,
    prompt: TEXT,
    prompt_name: TEXT,
  },
  cures: { activation_fn: 'Did you mean function_to_apply?' },

  async answer({ traced }, given, { function_to_apply, truncation, ...options }) {
    const { query, documents } = inputOf(given);
    const ranker = await CrossEncoder.from_pretrained(traced);
    const activation_fn = function_to_apply && ACTIVATIONS[function_to_apply];
    return ranker.rank(query, documents, { ...options, truncate: truncation, activation_fn });
  },
};
