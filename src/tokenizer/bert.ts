import { Callable } from '../callable.ts';
import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import { isUrl } from '../realm.ts';
import { openFile, type SourceOptions, splitOptions } from '../sources/folder.ts';
import { placeOf } from '../sources/place.ts';
import type { Tensor } from '../tensor.ts';
import { TRACE_NAME } from '../trace/file.ts';
import { readExtraFiles } from '../trace/files.ts';
import { closeUp, joinPieces } from './decode.ts';
import { Encoder, type Input } from './encoder.ts';
import { type BatchEncoding, type EncodeOptions, type Encoding, type Filler, stack, type TensorEncoding, tensors } from './encoding.ts';
import { filesIn, filesOf, optionsFromFiles, type TokenizerFiles, textsOf } from './files.ts';
import { type BertTokenizerOptions, ROLES, type Role, resolveSettings, type Settings } from './settings.ts';

/** A text, or a text with its pair. */
export type TextInput = string | readonly [text: string, pair: string];

/** Ids as any method takes them: one, a list, or a one-dimensional integer tensor. */
export type Ids = number | readonly number[] | Tensor;

export interface DecodeOptions {
  /** Leaves out special tokens. Default false. */
  skip_special_tokens?: boolean;
  /** Default: the setting of the tokenizer. */
  clean_up_tokenization_spaces?: boolean;
}

type Overrides = Partial<Omit<BertTokenizerOptions, 'vocab'>>;
type AsTensors = EncodeOptions & { return_tensors: true };
type AsArrays = EncodeOptions & { return_tensors?: false };

/**
 * BERT's tokenizer: `BertTokenizerFast` of Hugging Face transformers, giving the ids, tokens and offsets that it gives for
 * every text. A lone surrogate in a text counts as U+FFFD, as it would once encoded to UTF-8. Settings never change.
 * Bad options and texts throw a {@link TraceletError}.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions
export class BertTokenizer extends Callable {
  readonly #settings: Settings;
  readonly #encoder: Encoder;
  readonly #idByAdded: ReadonlyMap<string, number>;
  readonly #addedById: ReadonlyMap<number, string>;
  readonly #specialIds: ReadonlySet<number>;

  constructor(options: BertTokenizerOptions) {
    super();
    const settings = resolveSettings(options);
    this.#settings = settings;
    this.#idByAdded = new Map(settings.added.map(({ text, id }) => [text, id]));
    this.#addedById = new Map(settings.added.map(({ text, id }) => [id, text]));
    this.#specialIds = new Set(settings.added.filter(({ token }) => token.special).map(({ id }) => id));
    this.#encoder = new Encoder(settings, (role) => this.#filler(role));
  }

  /**
   * Reads `tokenizer.json` or `vocab.txt`, with the configuration files if there, from a directory, an address or a hub id; or a trace in which
   * they travel.
   */
  static async from_pretrained(source: string | URL, options: Overrides & SourceOptions = {}): Promise<BertTokenizer> {
    if (typeof source !== 'string' && !isUrl(source))
      throw new TraceletError('value', { what: 'source', expected: 'a path, a URL or a hub id', got: describe(source) });
    const [reading, overrides] = splitOptions(options);
    reading.signal?.throwIfAborted();
    const { folder, file } = await placeOf(source, reading);
    const files = file === undefined ? await filesIn(folder, reading.signal) : {};
    if (files['tokenizer.json'] !== undefined || files['vocab.txt'] !== undefined) return BertTokenizer.from_files(files, overrides);
    const trace = await (file === undefined ? folder.find(TRACE_NAME) : openFile(folder, file));
    if (!trace)
      throw new TraceletError('source', {
        what: folder.name,
        expected: 'a directory with tokenizer.json, vocab.txt or a trace',
        got: 'none of them',
        cure: folder.cure,
      });
    return BertTokenizer.from_files(textsOf(await readExtraFiles(trace, reading)), overrides);
  }

  /** Builds a tokenizer from the texts of its files; `options` prevail over them. */
  static from_files(files: TokenizerFiles, options: Overrides = {}): BertTokenizer {
    return new BertTokenizer({ ...optionsFromFiles(files), ...options });
  }

  /** Texts of the files from which {@link from_files} builds the same tokenizer. */
  files(): Record<'vocab.txt' | 'tokenizer_config.json', string> {
    return filesOf(this.#settings);
  }

  /** The tokens of a text, without special tokens unless asked for. */
  tokenize(text: string, pair?: string | null, options: { add_special_tokens?: boolean } = {}): string[] {
    return this.encode_plus(text, pair, { add_special_tokens: false, ...options }).tokens;
  }

  /** The ids of a text or pair. */
  encode(text: string, pair?: string | null, options: EncodeOptions = {}): number[] {
    return this.encode_plus(text, pair, { ...options, return_tensors: false }).input_ids;
  }

  /** Encodes a text or pair. */
  encode_plus(text: string, pair: string | null | undefined, options: AsTensors): TensorEncoding;
  encode_plus(text: string, pair?: string | null, options?: AsArrays): Encoding;
  encode_plus(text: string, pair?: string | null, options?: EncodeOptions): Encoding | TensorEncoding;
  encode_plus(text: string, pair?: string | null, options: EncodeOptions = {}): Encoding | TensorEncoding {
    const rows = this.#encoder.encode([{ text, pair: pair ?? undefined, name: '' }], options);
    return options.return_tensors ? tensors(stack(rows)) : rows[0];
  }

  /** Encodes texts and pairs, column by column. */
  batch_encode_plus(inputs: readonly TextInput[], options: AsTensors): TensorEncoding;
  batch_encode_plus(inputs: readonly TextInput[], options?: AsArrays): BatchEncoding;
  batch_encode_plus(inputs: readonly TextInput[], options?: EncodeOptions): BatchEncoding | TensorEncoding;
  batch_encode_plus(inputs: readonly TextInput[], options: EncodeOptions = {}): BatchEncoding | TensorEncoding {
    const batch = stack(this.#encoder.encode(namedInputs(inputs), options));
    return options.return_tensors ? tensors(batch) : batch;
  }

  /** Encodes texts and pairs, one result each. */
  encode_batch(inputs: readonly TextInput[], options: Omit<EncodeOptions, 'return_tensors'> = {}): Encoding[] {
    return this.#encoder.encode(namedInputs(inputs), options);
  }

  /** What calling the tokenizer does. */
  call_(text: string | readonly string[], pair?: string | readonly string[] | null, options: EncodeOptions = {}) {
    if (typeof text === 'string') return this.encode_plus(text, pair as string | null | undefined, options);
    if (pair === undefined || pair === null) return this.batch_encode_plus(text, options);
    if (!Array.isArray(text) || !Array.isArray(pair) || text.length !== pair.length)
      throw new TraceletError('value', { what: 'pair', expected: 'an array as long as that of the texts', got: describe(pair) });
    return this.batch_encode_plus(
      text.map((one, i) => [one, pair[i]] as const),
      options,
    );
  }

  /** Ids of tokens; a token that is not in the vocabulary has that of `unk_token`. */
  convert_tokens_to_ids(tokens: string): number;
  convert_tokens_to_ids(tokens: readonly string[]): number[];
  convert_tokens_to_ids(tokens: string | readonly string[]): number | number[] {
    if (typeof tokens !== 'string' && !Array.isArray(tokens))
      throw new TraceletError('value', { what: 'tokens', expected: 'a token or an array of tokens', got: describe(tokens) });
    const id = (token: string, what: string): number => {
      if (typeof token !== 'string') throw new TraceletError('value', { what, expected: 'a string', got: describe(token) });
      const found = this.#idByAdded.get(token) ?? this.#settings.vocab.lookup.find(token);
      return found < 0 ? this.unk_token_id : found;
    };
    return typeof tokens === 'string' ? id(tokens, 'token') : tokens.map((token: string, i: number) => id(token, `tokens[${i}]`));
  }

  /** Tokens of ids; throws for an id that no token has. */
  convert_ids_to_tokens(ids: number, options?: DecodeOptions): string;
  convert_ids_to_tokens(ids: readonly number[] | Tensor, options?: DecodeOptions): string[];
  convert_ids_to_tokens(ids: Ids, { skip_special_tokens = false }: DecodeOptions = {}): string | string[] {
    if (typeof ids === 'number') return this.#token(ids, 'id');
    const list = idList(ids);
    const tokens = list.map((id, i) => this.#token(id, `ids[${i}]`));
    return skip_special_tokens ? tokens.filter((_, i) => !this.#specialIds.has(list[i])) : tokens;
  }

  /** The text that ids stand for. */
  decode(ids: Ids, options: DecodeOptions = {}): string {
    const tokens = this.convert_ids_to_tokens(typeof ids === 'number' ? [ids] : ids, options);
    const text = joinPieces(tokens, this.#settings.wordpieces_prefix);
    return (options.clean_up_tokenization_spaces ?? this.#settings.clean_up_tokenization_spaces) ? closeUp(text) : text;
  }

  /** The texts of a batch of ids: arrays, or a tensor of shape [batch, length]. */
  batch_decode(batch: readonly Ids[] | Tensor, options: DecodeOptions = {}): string[] {
    const rows = Array.isArray(batch) ? batch : ((batch as Tensor)?.tolist?.() as Ids[] | undefined);
    if (!Array.isArray(rows))
      throw new TraceletError('value', { what: 'batch', expected: 'an array of ids or a tensor [batch, length]', got: describe(batch) });
    return rows.map((ids) => this.decode(ids, options));
  }

  /** `[CLS] first [SEP]`, or `[CLS] first [SEP] second [SEP]`. */
  build_inputs_with_special_tokens(first: readonly number[], second?: readonly number[] | null): number[] {
    const { cls_token_id: cls, sep_token_id: sep } = this;
    return second ? [cls, ...first, sep, ...second, sep] : [cls, ...first, sep];
  }

  /** Type ids for {@link build_inputs_with_special_tokens}. */
  create_token_type_ids_from_sequences(first: readonly number[], second?: readonly number[] | null): number[] {
    const zeros = new Array<number>(first.length + 2).fill(0);
    return second ? [...zeros, ...new Array<number>(second.length + 1).fill(1)] : zeros;
  }

  /** How many special tokens an encoded text, or pair, has. */
  num_special_tokens_to_add(pair = false): number {
    return pair ? 3 : 2;
  }

  /** The vocabulary with the added tokens. */
  get_vocab(): Map<string, number> {
    return new Map([...this.#settings.vocab.tokens.map((token, id) => [token, id] as const), ...this.#idByAdded]);
  }

  /** Size of the vocabulary without added tokens. */
  get vocab_size(): number {
    return this.#settings.vocab.tokens.length;
  }

  /** Size of the vocabulary with added tokens, as Python's `len(tokenizer)`. */
  get length(): number {
    return this.vocab_size + this.#settings.added.filter(({ id }) => id >= this.vocab_size).length;
  }

  /** Infinity where the tokenizer sets no limit. */
  get model_max_length(): number {
    return this.#settings.model_max_length;
  }
  /** What pieces within a word begin with. */
  get wordpieces_prefix(): string {
    return this.#settings.wordpieces_prefix;
  }
  get do_lower_case(): boolean {
    return this.#settings.do_lower_case;
  }
  /** null where it follows `do_lower_case`. */
  get strip_accents(): boolean | null {
    return this.#settings.strip_accents;
  }
  get unk_token(): string {
    return this.#filler('unk_token').token;
  }
  get unk_token_id(): number {
    return this.#filler('unk_token').id;
  }
  get sep_token(): string {
    return this.#filler('sep_token').token;
  }
  get sep_token_id(): number {
    return this.#filler('sep_token').id;
  }
  get cls_token(): string {
    return this.#filler('cls_token').token;
  }
  get cls_token_id(): number {
    return this.#filler('cls_token').id;
  }
  /** Throws where the vocabulary has none, as `pad_token_id`, `mask_token` and `mask_token_id` do. */
  get pad_token(): string {
    return this.#filler('pad_token').token;
  }
  get pad_token_id(): number {
    return this.#filler('pad_token').id;
  }
  get mask_token(): string {
    return this.#filler('mask_token').token;
  }
  get mask_token_id(): number {
    return this.#filler('mask_token').id;
  }
  get all_special_tokens(): string[] {
    const roles = ROLES.flatMap((role) => this.#settings.roles[role] ?? []);
    return [...new Set([...roles, ...this.#settings.additional_special_tokens])];
  }
  get all_special_ids(): number[] {
    return this.convert_tokens_to_ids(this.all_special_tokens);
  }

  #filler(role: Role): Filler {
    const token = this.#settings.roles[role];
    if (token !== null) return { token, id: this.#idByAdded.get(token) as number };
    throw new TraceletError('config', { what: role, expected: 'a token', got: 'null: the tokenizer was made without it' });
  }

  #token(id: number, what: string): string {
    const token = this.#settings.vocab.tokens[id] ?? this.#addedById.get(id);
    if (token !== undefined) return token;
    throw new TraceletError('value', { what, expected: `an id from 0 to ${this.length - 1}`, got: describe(id) });
  }
}

function idList(ids: readonly number[] | Tensor): number[] {
  if (Array.isArray(ids)) return [...ids];
  const { shape, data } = (ids ?? {}) as Tensor;
  if (shape?.length === 1) return Array.from(data as ArrayLike<number | bigint>, Number);
  throw new TraceletError('value', {
    what: 'ids',
    expected: 'an array of ids or a one-dimensional tensor',
    got: shape ? `a tensor of shape [${shape}]` : describe(ids),
    cure: 'Use batch_decode for a batch',
  });
}

function namedInputs(inputs: readonly TextInput[]): Input[] {
  if (!Array.isArray(inputs))
    throw new TraceletError('value', { what: 'batch', expected: 'an array of texts or [text, pair]', got: describe(inputs) });
  return (inputs as readonly TextInput[]).map((input, i) => {
    const name = `[${i}]`;
    if (typeof input === 'string') return { text: input, name };
    if (Array.isArray(input) && input.length === 2) return { text: input[0], pair: input[1], name };
    throw new TraceletError('value', { what: `text${name}`, expected: 'a string or [text, pair]', got: describe(input) });
  });
}

/** Encodes one text or a batch, as calling a tokenizer does in Python. `pair` is of the kind of `text`. */
export interface BertTokenizer {
  (text: string | readonly string[], pair: string | readonly string[] | null | undefined, options: AsTensors): TensorEncoding;
  (text: string, pair?: string | null, options?: AsArrays): Encoding;
  (text: readonly string[], pair?: readonly string[] | null, options?: AsArrays): BatchEncoding;
}
