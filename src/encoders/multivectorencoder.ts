import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, curesIn, type OptionTable } from '../base/options.ts';
import { FLAG } from '../base/schema.ts';
import { warn } from '../base/warn.ts';
import { MultiVectorEncoderModel } from '../models/sentence/multivector.ts';
import * as F from '../nn/functional.ts';
import type { SentenceConfig } from '../sentence/config.ts';
import type { Lengths, QueryExpansion } from '../sentence/lengths.ts';
import type { SentenceModule } from '../sentence/modules.ts';
import { knowMore } from '../sentence/more.ts';
import { type PromptOptions, promptOf } from '../sentence/prompt.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Row } from '../text/encode.ts';
import { LATE_SIMILARITIES, type LateSimilarity, lateSimilarities, type Matrices } from '../text/maxsim.ts';
import { similarityNamed } from '../text/scores.ts';
import type { Texts } from '../text/source.ts';
import { CURES, Encoder, listed, type Role } from './encoder.ts';
import { type Marker, marked, markerOf, roleIn, tokenId } from './markers.ts';
import { chains, type EncoderOptions, type EncoderSource, openTraces, type Traces } from './open.ts';
import { RUN_TEXTS, type RunTextsOptions, runTexts, vectorsOf } from './rows.ts';

/** Options of {@link MultiVectorEncoder.encode}. */
export interface MultiVectorEncodeOptions extends RunTextsOptions {
  /** Scales vectors to length 1. */
  normalize_embeddings?: boolean;
}

const ENCODE: OptionTable<MultiVectorEncodeOptions> = { ...RUN_TEXTS, normalize_embeddings: FLAG };
const cureOf = curesIn({ ...CURES, convert_to_tensor: 'Leave it out: the answers are tensors' });

type Mask = SentenceModule<'MultiVectorMask'>;

/** Most tokens that a role asks for. */
const mostOf = ({ query_length = 0, document_length = 0, query_expansion }: Lengths): number =>
  Math.max(query_length, document_length, query_expansion?.length ?? 0);

const lengthsOf = ({ modules }: SentenceConfig): Lengths => modules[0] as SentenceModule<'Transformer'>;

/** A vector for each token of texts, which are compared late, as `sentence_transformers.MultiVectorEncoder`: ColBERT and its kin. */
export class MultiVectorEncoder extends Encoder {
  /** How {@link similarity} compares texts: as the folder says, else by `maxsim`. */
  readonly similarity_fn_name: LateSimilarity;
  readonly #mask: Mask | undefined;
  readonly #skipped: ReadonlySet<number>;
  readonly #markers: ReadonlyMap<string, Marker>;

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
    this.#mask = this.sentence.modules.find((module): module is Mask => module.type === 'MultiVectorMask');
    const markers = Object.entries(this.sentence.markers ?? {});
    this.#markers = new Map(markers.map(([role, marker]) => [role, markerOf(this.tokenizer, marker)]));
    this.#skipped = new Set(this.#mask?.skiplist_words.flatMap((word) => this.#idOf(word) ?? []));
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
    const { normalize_embeddings, ...options } = checkOptions(what, given, ENCODE, cureOf);
    const list = await listed(texts, options.signal);
    const { query_length, document_length, query_expansion } = lengthsOf(this.sentence);
    const expansion = role === 'query' ? query_expansion : undefined;
    const usual = role === 'query' ? query_length : role === 'document' ? document_length : undefined;
    const longest = expansion ? longestOf(expansion, usual) : usual;
    const { id, words } = this.#markerFor(role, options);
    const prepared = (row: Row): Row => {
      const whole = id === undefined ? row : marked(row, id);
      return expansion ? this.#expanded(whole, expansion) : whole;
    };
    const reading = {
      what,
      nameOf: (index: number) => `texts[${index}]`,
      output: 'token_embeddings',
      longest,
      added: id === undefined ? 0 : 1,
      prepared,
    };
    const answers: Tensor<'float32'>[] = [];
    const prompting = { ...this.prompting(role, options), ...options };
    const asked = words === '' ? prompting : withWords(words, prompting, promptOf(this.sentence, prompting, what));
    await runTexts(this.tracedFor(what, role), list, asked, reading, (at, part, { ids }) => {
      const kept = this.#counting(vectorsOf(part, ids.length), ids, role);
      answers[at] = normalize_embeddings && kept.size > 0 ? F.normalize(kept) : kept;
    });
    return typeof texts === 'string' ? answers[0] : answers;
  }

  /** The marker of a role, or else of the prompt that texts without a role begin with. */
  #markerFor(role: Role | undefined, { prompt, prompt_name }: PromptOptions): Marker {
    const { default_prompt_name } = this.sentence;
    const of = role ?? prompt_name ?? (prompt === undefined ? default_prompt_name : null);
    return (of !== null && this.#markers.get(of)) || { words: '' };
  }

  /** Those rows that are compared. */
  #counting(vectors: Tensor<'float32'>, ids: Int32Array, role: Role | undefined): Tensor<'float32'> {
    const { skiplist_tasks = [], keep_only_token_ids = null } = this.#mask ?? {};
    const skipped = skiplist_tasks.includes(role ?? 'document') ? this.#skipped : undefined;
    const only = role !== 'query' && keep_only_token_ids?.length ? new Set(keep_only_token_ids) : undefined;
    const counts = (id: number): boolean => !skipped?.has(id) && (only?.has(id) ?? true);
    const width = vectors.shape[1];
    const kept = [...ids.keys()].filter((at) => counts(ids[at]));
    if (kept.length === ids.length) return vectors;
    const data = new Float32Array(kept.length * width);
    for (const [i, at] of kept.entries()) data.set(vectors.data.subarray(at * width, (at + 1) * width), i * width);
    return new Tensor('float32', [kept.length, width], data);
  }

  /** A query made as long as its folder says. */
  #expanded(row: Row, { length, attend, token }: QueryExpansion): Row {
    const missing = length - row.ids.length;
    if (missing <= 0) return row;
    const ids = new Int32Array(length).fill(this.#filler(token));
    ids.set(row.ids);
    return { ...row, ids, unseen: attend ? 0 : missing };
  }

  /** The id of the token that queries are made longer with. */
  #filler(token: string | null): number {
    const { tokenizer } = this;
    const id = token === null ? (roleIn(() => tokenizer.mask_token_id) ?? roleIn(() => tokenizer.eos_token_id)) : this.#idOf(token);
    if (id !== undefined && id !== null) return id;
    throw new TraceletError('config', {
      what: 'query_expansion of the folder',
      expected: 'a token of the vocabulary',
      got: token === null ? 'no token of masks' : describe(token),
    });
  }

  /** The id of a word that is a token, told of where it is none. */
  #idOf(word: string): number | undefined {
    const id = tokenId(this.tokenizer, word);
    if (id !== undefined) return id;
    warn(`the word ${describe(word)} of the folder is no token of its tokenizer: it is passed over, as in sentence-transformers`);
    return undefined;
  }
}

/** Options of texts that begin with words of their role before their prompt. */
const withWords = <Options extends PromptOptions>(words: string, { prompt_name: _, ...options }: Options, prompt: string) => ({
  ...options,
  prompt: words + prompt,
});

/** Most tokens of a query that is made longer. */
const longestOf = ({ strategy, length }: QueryExpansion, usual: number | undefined): number | undefined => {
  if (strategy === 'fixed') return length;
  return usual === undefined ? undefined : Math.max(usual, length);
};
