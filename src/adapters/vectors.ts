import type { EmbedOptions } from '../text/embedder.ts';
import { tracedIn } from '../traced/holder.ts';

/** Vectors of texts as numbers, and how many tokens the texts have. */
export interface Embedded {
  embeddings: number[][];
  tokens: number;
}

/** The vectors that a trace, or what runs one, makes of texts. Throws `value` errors, and the reason of a signal. */
export async function embedded(what: string, model: unknown, texts: readonly string[], options: EmbedOptions): Promise<Embedded> {
  const embeddings: number[][] = [];
  let total = 0;
  for await (const { embedding, tokens, truncated } of tracedIn(what, model).embedEach(texts, options)) {
    embeddings.push(Array.from(embedding));
    total += tokens - truncated;
  }
  return { embeddings, tokens: total };
}

/** What ranks texts, such as a CrossEncoder. */
export interface Ranks {
  rank(
    query: string,
    documents: readonly string[],
    options?: { top_k?: number; truncate?: boolean; signal?: AbortSignal },
  ): Promise<{ corpus_id: number; score: number }[]>;
}
