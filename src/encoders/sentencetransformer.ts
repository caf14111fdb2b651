import { checkOptions, curesIn, FUNCTION, type OptionTable, SIGNAL } from '../base/options.ts';
import { COUNT, FLAG, oneOf, SIZE, TEXT } from '../base/schema.ts';
import { openStatic } from '../models/sentence/static.ts';
import { SentenceTransformerModel } from '../models/sentence/transformer.ts';
import { knowMore } from '../sentence/more.ts';
import { Tensor } from '../tensor/tensor.ts';
import { embedEach } from '../text/embed.ts';
import type { EmbedProgress } from '../text/embedder.ts';
import { type Encoded, LONG_TEXTS, type LongTexts } from '../text/encode.ts';
import { PRECISION, type Precision, quantizeVectors } from '../text/precision.ts';
import { pairwiseSimilarities, SIMILARITIES, type Similarity, similarities, similarityNamed } from '../text/scores.ts';
import type { Vectors } from '../text/similarity.ts';
import type { Texts } from '../text/source.ts';
import type { TracedModule } from '../traced/traced.ts';
import { CURES, Encoder, listed, type Role } from './encoder.ts';
import { tellCut } from './long.ts';
import { type ChainClass, chains, type EncoderOptions, type EncoderSource, openTraces, type Traces } from './open.ts';
import { runTexts, vectorsOf } from './rows.ts';

const OUTPUTS = ['sentence_embedding', 'token_embeddings'] as const;

/** Options of {@link SentenceTransformer.encode}. */
export interface SentenceEncodeOptions extends LongTexts {
  /** The rest of texts that are too long is left out: true and told unless given, an error where false. */
  truncate?: boolean;
  /** Keeps so many numbers of each vector; what the folder says unless given. */
  truncate_dim?: number;
  /** Scales vectors to length 1, after `truncate_dim`. */
  normalize_embeddings?: boolean;
  /** What numbers are kept as; see {@link quantize_embeddings}. */
  precision?: Precision;
  /** A vector a text, or one for each of its tokens. */
  output_value?: (typeof OUTPUTS)[number];
  /** Which route texts take, where the folder has a Router: `query` and `document` of the methods called so. */
  task?: string;
  /** Most tokens of a call, without padding. Answers do not depend on it. */
  batchTokens?: number;
  /** Stops the work between two instructions. */
  signal?: AbortSignal;
  /** Told after each call how far the work is. */
  progress_callback?: (progress: EmbedProgress) => void;
}

const ENCODE: OptionTable<SentenceEncodeOptions> = {
  ...LONG_TEXTS,
  truncate_dim: SIZE,
  normalize_embeddings: FLAG,
  precision: PRECISION,
  output_value: oneOf(OUTPUTS),
  task: TEXT,
  batchTokens: COUNT,
  signal: SIGNAL,
  progress_callback: FUNCTION,
};

const cureOf = curesIn(CURES);

const WHAT = 'SentenceTransformer.from_pretrained';

const CHAINS = chains(SentenceTransformerModel);

/** Models of folders that begin with a table of vectors, and of all others. */
const MODELS: ChainClass = {
  kind: 'SentenceTransformer',
  open: async (home, options) => (await openStatic(WHAT, home, options)) ?? CHAINS.open(home, options),
};

const WAYS = Object.keys(SIMILARITIES) as Similarity[];

/** Vectors of texts, as `sentence_transformers.SentenceTransformer`. `traced` embeds too: see {@link TracedModule.embed}. */
export class SentenceTransformer extends Encoder {
  /** How {@link similarity} compares vectors: as the folder says, else by their cosine. */
  readonly similarity_fn_name: Similarity;

  /** As {@link Encoder}. */
  static async from_pretrained(source: EncoderSource, options?: EncoderOptions): Promise<SentenceTransformer> {
    knowMore();
    return new SentenceTransformer(...(await openTraces(WHAT, MODELS, source, options)));
  }

  private constructor(...traces: Traces) {
    super(...traces);
    this.similarity_fn_name = similarityNamed(this.sentence.similarity_fn_name, WAYS, 'cosine');
  }

  /** How many numbers a vector has. */
  get_embedding_dimension(): number {
    const width = this.traced.outputs[0].shape[1];
    return Math.min(width, this.sentence.truncate_dim ?? width);
  }

  /**
   * The vectors of texts: [texts, width], or [width] for a text that is in no list. With `output_value: 'token_embeddings'` a list of [tokens, hidden],
   * or one of them. Throws `value` errors.
   */
  encode(text: string, options: SentenceEncodeOptions & { output_value: 'token_embeddings' }): Promise<Tensor<'float32'>>;
  encode(texts: Texts, options: SentenceEncodeOptions & { output_value: 'token_embeddings' }): Promise<Tensor<'float32'>[]>;
  encode(texts: Texts, options?: SentenceEncodeOptions & { precision?: 'float32' }): Promise<Tensor<'float32'>>;
  encode(texts: Texts, options?: SentenceEncodeOptions): Promise<Tensor | Tensor[]>;
  encode(texts: Texts, options: SentenceEncodeOptions = {}): Promise<Tensor | Tensor[]> {
    return this.#encode('encode()', texts, options);
  }

  /** As {@link encode}, with the prompt `query` of the folder, where it has one, unless another is asked for. */
  encode_query(texts: Texts, options: SentenceEncodeOptions = {}): Promise<Tensor | Tensor[]> {
    return this.#encode('encode_query()', texts, options, 'query');
  }

  /** As {@link encode}, with the first of the prompts `document`, `passage` and `corpus` that the folder has, unless another is asked for. */
  encode_document(texts: Texts, options: SentenceEncodeOptions = {}): Promise<Tensor | Tensor[]> {
    return this.#encode('encode_document()', texts, options, 'document');
  }

  /** How alike each of `a` is to each of `b`: float32 [n, m]. Throws `shape` and `value` errors. */
  similarity(a: Vectors, b: Vectors): Tensor<'float32'> {
    return similarities(this.similarity_fn_name, a, b);
  }

  /** How alike each of `a` is to that of `b` with its number: float32 [n]. Throws `shape` and `value` errors. */
  similarity_pairwise(a: Vectors, b: Vectors): Tensor<'float32'> {
    return pairwiseSimilarities(this.similarity_fn_name, a, b);
  }

  async #encode(what: string, texts: Texts, given: SentenceEncodeOptions, role?: Role): Promise<Tensor | Tensor[]> {
    const options = checkOptions(what, given, ENCODE, cureOf);
    const {
      output_value,
      precision = 'float32',
      normalize_embeddings,
      truncate,
      task = role,
      ...others
    } = { ...this.prompting(role, options), ...options };
    const long = { ...others, truncate: truncate ?? !others.chunk };
    const traced = this.tracedFor(what, task);
    if (output_value === 'token_embeddings') return this.#tokens(what, traced, texts, long, truncate);
    const encoded: Omit<Encoded, 'rows'>[] = [];
    const vectors: Float32Array[] = [];
    const each = embedEach(traced, texts, { ...long, ...(normalize_embeddings && { normalize: true }) });
    for await (const { embedding, ...text } of each) {
      encoded.push(text);
      vectors.push(embedding);
    }
    tellCut(what, truncate ?? (others.chunk ? true : undefined), encoded);
    const width = vectors[0]?.length ?? Math.min(others.truncate_dim ?? Infinity, this.get_embedding_dimension());
    const all = new Float32Array(vectors.length * width);
    for (const [i, vector] of vectors.entries()) all.set(vector, i * width);
    const shape = typeof texts === 'string' ? [width] : [vectors.length, width];
    const answer = new Tensor('float32', shape, all);
    return precision === 'float32' || answer.size === 0 ? answer : quantizeVectors(answer, precision);
  }

  /** A vector for each token, special ones included. */
  async #tokens(
    what: string,
    traced: TracedModule,
    texts: Texts,
    options: LongTexts & Pick<SentenceEncodeOptions, 'batchTokens' | 'signal'>,
    truncate?: boolean,
  ) {
    const { batchTokens, signal, prompt, prompt_name } = options;
    const answers: Tensor<'float32'>[] = [];
    const output = traced.outputs.some(({ name }) => name === 'token_embeddings') ? 'token_embeddings' : 'last_hidden_state';
    const reading = { what, nameOf: (index: number) => `texts[${index}]`, output };
    const asked = { batchTokens, signal, prompt, prompt_name, truncate };
    await runTexts(traced, await listed(texts, signal), asked, reading, (at, part, { ids }) => {
      answers[at] = vectorsOf(part, ids.length);
    });
    return typeof texts === 'string' ? answers[0] : answers;
  }
}
