import { checkOptions, curesIn, type OptionTable } from '../base/options.ts';
import { FLAG, TEXT } from '../base/schema.ts';
import { MultiVectorEncoderModel } from '../models/sentence/multivector.ts';
import * as F from '../nn/functional.ts';
import type { SentenceConfig } from '../sentence/config.ts';
import type { Lengths } from '../sentence/lengths.ts';
import { knowMore } from '../sentence/more.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { LATE_SIMILARITIES, type LateSimilarity, lateSimilarities, type Matrices } from '../text/maxsim.ts';
import { similarityNamed } from '../text/scores.ts';
import type { Texts } from '../text/source.ts';
import type { TracedModule } from '../traced/traced.ts';
import { CURES, Encoder, listed, type Role } from './encoder.ts';
import { LateReader, lengthsOf } from './latereader.ts';
import { chains, type EncoderOptions, type EncoderSource, openTraces, type Traces } from './open.ts';
import { RUN_TEXTS, type RunTextsOptions, runTexts, vectorsOf } from './rows.ts';

/** Options of {@link MultiVectorEncoder.encode}. */
export interface MultiVectorEncodeOptions extends RunTextsOptions {
  /** Scales vectors to length 1. */
  normalize_embeddings?: boolean;
  /** Which lengths and which route texts take: `query` and `document` of the methods called so. */
  task?: string;
}

const ENCODE: OptionTable<MultiVectorEncodeOptions> = { ...RUN_TEXTS, normalize_embeddings: FLAG, task: TEXT };
const cureOf = curesIn({ ...CURES, convert_to_tensor: 'Leave it out: the answers are tensors' });

/** Most tokens that a role asks for. */
const mostOf = ({ query_length = 0, document_length = 0, query_expansion }: Lengths): number =>
  Math.max(query_length, document_length, query_expansion?.length ?? 0);

/** A vector for each token of texts, which are compared late, as `sentence_transformers.MultiVectorEncoder`: ColBERT and its kin. */
export class MultiVectorEncoder extends Encoder {
  /** How {@link similarity} compares texts: as the folder says, else by `maxsim`. */
  readonly similarity_fn_name: LateSimilarity;
  readonly #readers: ReadonlyMap<TracedModule, LateReader>;

  /** As {@link Encoder}. */
  static async from_pretrained(source: EncoderSource, options?: EncoderOptions): Promise<MultiVectorEncoder> {
    knowMore();
    const what = 'MultiVectorEncoder.from_pretrained';
    const settings = ({ sentence }: { sentence: SentenceConfig }) => ({
      exact_padding: lengthsOf(sentence).query_expansion?.attend === false,
      longest: mostOf(lengthsOf(sentence)),
    });
    return new MultiVectorEncoder(...(await openTraces(what, chains(MultiVectorEncoderModel), source, options, settings)));
  }

  private constructor(...traces: Traces) {
    super(...traces);
    this.similarity_fn_name = similarityNamed(this.sentence.similarity_fn_name, LATE_SIMILARITIES, 'maxsim');
    const all = [this.traced, ...Object.values(this.routes)];
    this.#readers = new Map(all.map((traced) => [traced, new LateReader(traced.reader)]));
  }

  /** How many numbers a vector has. */
  get_embedding_dimension(): number {
    return this.traced.outputs[0].shape.at(-1) as number;
  }

  /** The vectors of the tokens of each text, those that count: [tokens, width]; of one text where it is in no list. Throws `value` errors. */
  encode(text: string, options?: MultiVectorEncodeOptions): Promise<Tensor<'float32'>>;
  encode(texts: Texts, options?: MultiVectorEncodeOptions): Promise<Tensor<'float32'>[]>;
  encode(texts: Texts, options: MultiVectorEncodeOptions = {}): Promise<Tensor<'float32'> | Tensor<'float32'>[]> {
    return this.#encode('encode()', texts, options);
  }

  /** As {@link encode}, with the prompt `query` and the length of queries, which are made longer where the folder says so. */
  encode_query(text: string, options?: MultiVectorEncodeOptions): Promise<Tensor<'float32'>>;
  encode_query(texts: Texts, options?: MultiVectorEncodeOptions): Promise<Tensor<'float32'>[]>;
  encode_query(texts: Texts, options: MultiVectorEncodeOptions = {}): Promise<Tensor<'float32'> | Tensor<'float32'>[]> {
    return this.#encode('encode_query()', texts, options, 'query');
  }

  /** As {@link encode}, with the prompt and the length of documents. Words that the folder skips have no vector. */
  encode_document(text: string, options?: MultiVectorEncodeOptions): Promise<Tensor<'float32'>>;
  encode_document(texts: Texts, options?: MultiVectorEncodeOptions): Promise<Tensor<'float32'>[]>;
  encode_document(texts: Texts, options: MultiVectorEncodeOptions = {}): Promise<Tensor<'float32'> | Tensor<'float32'>[]> {
    return this.#encode('encode_document()', texts, options, 'document');
  }

  /** How much each query says of each document: float32 [n, m]. Throws `value` and `shape` errors. */
  similarity(queries: Matrices, documents: Matrices): Tensor<'float32'> {
    return lateSimilarities(this.similarity_fn_name, queries, documents);
  }

  async #encode(
    what: string,
    texts: Texts,
    given: MultiVectorEncodeOptions,
    role?: Role,
  ): Promise<Tensor<'float32'> | Tensor<'float32'>[]> {
    const { normalize_embeddings, task = role, ...options } = checkOptions(what, given, ENCODE, cureOf);
    const traced = this.tracedFor(what, task);
    const reader = this.#readers.get(traced) as LateReader;
    const list = await listed(texts, options.signal);
    const marker = reader.markerFor(role, options);
    const reading = { what, nameOf: (index: number) => `texts[${index}]`, output: 'token_embeddings', ...reader.rowsOf(task, marker) };
    const asked = reader.marking(marker, { ...this.prompting(role, options), ...options }, what);
    const answers: Tensor<'float32'>[] = [];
    await runTexts(traced, list, asked, reading, (at, part, { ids }) => {
      const kept = reader.counting(vectorsOf(part, ids.length), ids, task);
      answers[at] = normalize_embeddings && kept.size > 0 ? F.normalize(kept) : kept;
    });
    return typeof texts === 'string' ? answers[0] : answers;
  }
}
