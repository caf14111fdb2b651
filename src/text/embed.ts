import { Slice } from '../base/slices.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { TextInput } from '../tokenizer/index.ts';
import { type Embedding, type EmbedOptions, embedder } from './embedder.ts';
import type { Encoded } from './encode.ts';
import { Source, type Texts } from './source.ts';

/** A text with its vector, as `embedEach` yields them. */
export interface EmbeddedText<Text extends TextInput = TextInput> extends Omit<Encoded, 'rows' | 'text'> {
  text: Text;
  embedding: Float32Array;
}

/** Calls that `embedEach` takes texts for at a time, so that there are some of like length; more where more than two run at once. */
const WINDOW = 4;

/** The vectors of texts in the order given: [texts, hidden]. */
export async function embedTexts(traced: Embedding, texts: Texts, options: EmbedOptions): Promise<Tensor<'float32'>> {
  const { hidden, run, encode, signal } = embedder(traced, options);
  const encoded: Encoded[] = [];
  const source = new Source(texts, signal);
  await take(source, encode, encoded, 0, Infinity).finally(() => source.close());
  const rows = new Float32Array(encoded.length * hidden);
  await run(encoded, encoded.length, ({ index }, vector) => rows.set(vector, index * hidden));
  return new Tensor('float32', [encoded.length, hidden], rows);
}

/** Yields texts with their vectors in the order given, and takes only as many from the source as a few calls need. */
export async function* embedEach<Text extends TextInput>(
  traced: Embedding,
  texts: Texts<Text>,
  options: EmbedOptions,
): AsyncGenerator<EmbeddedText<Text>, void, undefined> {
  const { capacity, concurrency, run, encode, signal } = embedder(traced, options);
  const window = Math.max(WINDOW, 2 * concurrency) * capacity.batchTokens;
  const source = new Source(texts, signal);
  const total = Array.isArray(texts) ? texts.length : undefined;
  let failure: { error: unknown } | undefined;
  try {
    for (let first = 0, more = true; more; ) {
      const encoded: Encoded[] = [];
      more = await take(source, encode, encoded, first, window).catch((error) => {
        failure = { error };
        return false;
      });
      const vectors: Float32Array[] = [];
      await run(encoded, total, ({ index }, vector) => {
        vectors[index - first] = vector;
      });
      for (const [i, { rows: _, ...text }] of encoded.entries()) yield { ...text, text: text.text as Text, embedding: vectors[i] };
      first += encoded.length;
    }
    if (failure) throw failure.error;
  } finally {
    await source.close();
  }
}

/**
 * Adds to `encoded` the texts from number `first` on, until they have `most` tokens or the source has no more at hand.
 * Answers whether more may come.
 */
async function take(
  source: Source,
  encode: (text: TextInput, index: number) => Encoded,
  encoded: Encoded[],
  first: number,
  most: number,
): Promise<boolean> {
  const slice = new Slice();
  for (let tokens = 0; tokens < most; ) {
    const next = await source.next(encoded.length > 0 && most < Infinity);
    if (!next) break;
    if (next.done) return false;
    const text = encode(next.value, first + encoded.length);
    encoded.push(text);
    for (const { ids } of text.rows) tokens += ids.length;
    if (slice.over) await slice.next();
  }
  return true;
}
