import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import { Tensor } from '../tensor.ts';
import { Embedder, type Embedding, type EmbedOptions } from './embedder.ts';
import type { Encoded } from './encode.ts';
import { Source } from './source.ts';

/** A text with its vector, as `embedEach` yields them. */
export interface EmbeddedText {
  /** Its number in the order given. */
  index: number;
  text: string;
  embedding: Float32Array;
  /** How many tokens it has, special ones included. */
  tokens: number;
  /** How many of them `truncate` left out. */
  truncated: number;
}

/** Calls that `embedEach` takes texts for at a time, so that there are some of like length. */
const WINDOW = 4;
const SLICE_MS = 8;

/** The vectors of texts in the order given: [texts, hidden]. */
export async function embedTexts(traced: Embedding, texts: string | readonly string[], options: EmbedOptions): Promise<Tensor> {
  const list = typeof texts === 'string' ? [texts] : texts;
  if (!Array.isArray(list))
    throw new TraceletError('value', { what: 'texts', expected: 'a string or an array of strings', got: describe(texts) });
  const embedder = new Embedder(traced, options);
  const { hidden } = embedder;
  const source = new Source<string>(list, options.signal);
  const { encoded, error } = await take(embedder, source, { first: 0, most: Infinity });
  if (error) throw error.thrown;
  const rows = new Float32Array(list.length * hidden);
  await embedder.run(
    encoded,
    (i, vector) => rows.set(vector, i * hidden),
    (done) => options.progress_callback?.({ done, total: list.length }),
  );
  return new Tensor('float32', [list.length, hidden], rows);
}

/** Yields texts with their vectors in the order given, and takes only as many from the source as a few calls need. */
export async function* embedEach(
  traced: Embedding,
  texts: string | Iterable<string> | AsyncIterable<string>,
  options: EmbedOptions,
): AsyncGenerator<EmbeddedText, void, undefined> {
  const embedder = new Embedder(traced, options);
  const source = new Source(typeof texts === 'string' ? [texts] : texts, options.signal);
  const total = Array.isArray(texts) ? texts.length : undefined;
  const most = WINDOW * embedder.capacity.batchTokens;
  try {
    for (let first = 0, ended = false; !ended; ) {
      const taken = await take(embedder, source, { first, most });
      const vectors: Float32Array[] = [];
      await embedder.run(
        taken.encoded,
        (i, vector) => {
          vectors[i] = vector;
        },
        (done) => options.progress_callback?.({ done: first + done, total }),
      );
      for (const [i, { text, tokens, truncated }] of taken.encoded.entries())
        yield { index: first + i, text, embedding: vectors[i], tokens, truncated };
      if (taken.error) throw taken.error.thrown;
      first += taken.encoded.length;
      ended = taken.ended;
    }
  } finally {
    await source.close();
  }
}

interface Taken {
  encoded: Encoded[];
  ended: boolean;
  /** What kept it from taking more; what came before is in order. */
  error?: { thrown: unknown };
}

/** Texts from the source, until they have `most` tokens or it has no more at hand. */
async function take(embedder: Embedder, source: Source<string>, { first, most }: { first: number; most: number }): Promise<Taken> {
  const encoded: Encoded[] = [];
  let since = performance.now();
  try {
    for (let tokens = 0; tokens < most; ) {
      const next = await source.next(encoded.length > 0);
      if (!next) break;
      if (next.done) return { encoded, ended: true };
      const text = embedder.encode(next.value, first + encoded.length);
      encoded.push(text);
      for (const { length } of text.rows) tokens += length;
      if (performance.now() - since < SLICE_MS) continue;
      await new Promise((resolve) => setTimeout(resolve, 0));
      since = performance.now();
    }
  } catch (thrown) {
    return { encoded: encoded, ended: true, error: { thrown } };
  }
  return { encoded, ended: false };
}
