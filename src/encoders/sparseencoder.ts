import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, curesIn, type OptionTable } from '../base/options.ts';
import { SIZE, TEXT } from '../base/schema.ts';
import { SparseEncoderModel } from '../models/sentence/sparse.ts';
import { openSparseStatic } from '../models/sentence/sparsestatic.ts';
import type { SentenceConfig } from '../sentence/config.ts';
import { knowMore } from '../sentence/more.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { SIMILARITIES, type Similarity, similarityNamed } from '../text/scores.ts';
import type { Texts } from '../text/source.ts';
import { proveSparse, type SparseVector, sparseSimilarities, strongest } from '../text/sparse.ts';
import { CURES, Encoder, listed, type Role } from './encoder.ts';
import { type ChainClass, chains, type EncoderOptions, type EncoderSource, openTraces, type Traces } from './open.ts';
import { RUN_TEXTS, type RunTextsOptions, runTexts } from './rows.ts';
import { isTable, weighing } from './splade.ts';

/** Options of {@link SparseEncoder.encode}. */
export interface SparseEncodeOptions extends RunTextsOptions {
  /** How many of the largest weights are kept; all unless given. */
  max_active_dims?: number;
  /** Which route texts take, where the folder has a Router: `query` and `document` of the methods called so. */
  task?: string;
}

const ENCODE: OptionTable<SparseEncodeOptions> = { ...RUN_TEXTS, max_active_dims: SIZE, task: TEXT };
const DECODE: OptionTable<{ top_k?: number }> = { top_k: SIZE };
const cureOf = curesIn(CURES);
const WHAT = 'SparseEncoder.from_pretrained';
const CHAINS = chains(SparseEncoderModel);

/** Models of folders that weigh words alone, and of all others. */
const MODELS: ChainClass = {
  kind: 'SparseEncoder',
  open: async (home, options) => (await openSparseStatic(WHAT, home, options)) ?? CHAINS.open(home, options),
};

const WAYS = Object.keys(SIMILARITIES) as Similarity[];

/** Weights of the words of the vocabulary for texts, as `sentence_transformers.SparseEncoder` with SPLADE. */
export class SparseEncoder extends Encoder {
  /** How {@link similarity} compares vectors: as the folder says, else by their product. */
  readonly similarity_fn_name: Similarity;

  /** As {@link Encoder}. */
  static async from_pretrained(source: EncoderSource, options?: EncoderOptions): Promise<SparseEncoder> {
    knowMore();
    return new SparseEncoder(...(await openTraces(WHAT, MODELS, source, options)));
  }

  private constructor(...traces: Traces) {
    super(...traces);
    this.similarity_fn_name = similarityNamed(this.sentence.similarity_fn_name, WAYS, 'dot');
  }

  /** How many words the vocabulary has. */
  get_embedding_dimension(): number {
    return isTable(this.sentence) ? this.tokenizer.length : (this.traced.outputs[0].shape.at(-1) as number);
  }

  /** The words of each text whose weight is not 0, by their ids, in their order; those of one text where it is in no list. Throws `value` errors. */
  encode(text: string, options?: SparseEncodeOptions): Promise<SparseVector>;
  encode(texts: Texts, options?: SparseEncodeOptions): Promise<SparseVector[]>;
  encode(texts: Texts, options: SparseEncodeOptions = {}): Promise<SparseVector | SparseVector[]> {
    return this.#encode('encode()', texts, options);
  }

  /** As {@link encode}, with the prompt `query` of the folder, where it has one, unless another is asked for. */
  encode_query(text: string, options?: SparseEncodeOptions): Promise<SparseVector>;
  encode_query(texts: Texts, options?: SparseEncodeOptions): Promise<SparseVector[]>;
  encode_query(texts: Texts, options: SparseEncodeOptions = {}): Promise<SparseVector | SparseVector[]> {
    return this.#encode('encode_query()', texts, options, 'query');
  }

  /** As {@link encode}, with the first of the prompts `document`, `passage` and `corpus` that the folder has, unless another is asked for. */
  encode_document(text: string, options?: SparseEncodeOptions): Promise<SparseVector>;
  encode_document(texts: Texts, options?: SparseEncodeOptions): Promise<SparseVector[]>;
  encode_document(texts: Texts, options: SparseEncodeOptions = {}): Promise<SparseVector | SparseVector[]> {
    return this.#encode('encode_document()', texts, options, 'document');
  }

  /** How alike each of `a` is to each of `b`: float32 [n, m]. Throws `value` errors. */
  similarity(a: SparseVector | readonly SparseVector[], b: SparseVector | readonly SparseVector[]): Tensor<'float32'> {
    const [left, right] = [a, b].map((side) => proveSparse('similarity()', side));
    return sparseSimilarities(this.similarity_fn_name, left, right);
  }

  /** The words of a vector with their weights, the heaviest first; of several, a list each. Throws `value` errors. */
  decode(vector: SparseVector, options?: { top_k?: number }): [token: string, weight: number][];
  decode(vectors: readonly SparseVector[], options?: { top_k?: number }): [token: string, weight: number][][];
  decode(given: SparseVector | readonly SparseVector[], options: { top_k?: number } = {}): unknown {
    const { top_k } = checkOptions('decode()', options, DECODE);
    const words = proveSparse('decode()', given).map((vector) => {
      const { indices, values } = strongest(vector, top_k ?? vector.values.length);
      const pairs = Array.from(indices, (id, i) => [this.#wordOf(id), values[i]] as [string, number]);
      return pairs.sort((a, b) => b[1] - a[1]);
    });
    return Array.isArray(given) ? words : words[0];
  }

  #wordOf(id: number): string {
    if (id < this.get_embedding_dimension()) return this.tokenizer.convert_ids_to_tokens([id])[0];
    throw new TraceletError('value', { what: 'decode()', expected: 'ids of words of the vocabulary', got: describe(id) });
  }

  async #encode(what: string, texts: Texts, given: SparseEncodeOptions, role?: Role): Promise<SparseVector | SparseVector[]> {
    const { max_active_dims, task = role, ...options } = checkOptions(what, given, ENCODE, cureOf);
    const traced = this.tracedFor(what, task);
    const vectorOf = weighing(traced.reader.sentence as SentenceConfig);
    const list = await listed(texts, options.signal);
    const [{ name: output }] = traced.outputs;
    const answers: SparseVector[] = [];
    const reading = { what, nameOf: (index: number) => `texts[${index}]`, output };
    const asked = { ...this.prompting(role, options), ...options };
    await runTexts(traced, list, asked, reading, (at, part, { ids }) => {
      const vector = vectorOf(part, ids);
      answers[at] = max_active_dims === undefined ? vector : strongest(vector, max_active_dims);
    });
    return typeof texts === 'string' ? answers[0] : answers;
  }
}
