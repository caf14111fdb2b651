import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, proved } from '../base/options.ts';
import { isUrl } from '../base/realm.ts';
import { FLAG } from '../base/schema.ts';
import { SOURCE_OPTIONS, type SourceOptions, splitOptions } from '../sources/folder.ts';
import { placeOf } from '../sources/place.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batchOf, type Call, callOf, manyInputs, oneInput, type TextInput } from './arguments.ts';
import { closeUp, joinPieces } from './decode.ts';
import { Encoder, type Input } from './encoder.ts';
import {
  type AsArrays,
  type AsTensors,
  type BatchEncoding,
  type EncodeOptions,
  type EncodeSettings,
  type Encoding,
  stack,
  type TensorEncoding,
  tensors,
} from './encoding.ts';
import { filesAt, optionsFromFiles, type TokenizerFiles } from './files.ts';
import { filesOf } from './save.ts';
import { type BertTokenizerOptions, resolveSettings, type Settings, TOKENIZER_OPTIONS } from './settings.ts';
import { DECODE_OPTIONS, type DecodeOptions, type Ids, idList, Tokens } from './tokens.ts';

type Overrides = Partial<Omit<BertTokenizerOptions, 'vocab'>>;
const { vocab: _, ...OVERRIDES } = TOKENIZER_OPTIONS;

/**
 * BERT's tokenizer: `BertTokenizerFast` of Hugging Face transformers, giving the ids, tokens and offsets that it gives for
 * every text. A lone surrogate in a text counts as U+FFFD, as it would once encoded to UTF-8. Settings never change.
 * Bad options and texts throw a {@link TraceletError}.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions
export class BertTokenizer extends Tokens {
  readonly #settings: Settings;
  readonly #encoder: Encoder;

  constructor(options: BertTokenizerOptions) {
    const settings = resolveSettings(options);
    super(settings);
    this.#settings = settings;
    this.#encoder = new Encoder(settings);
  }

  /**
   * Reads `tokenizer.json` or `vocab.txt`, with the files beside it that say more, from a directory, an address or a hub id; or a trace in
   * which they travel. Without `tokenizer_config.json` a tokenizer.json decides alone. Of the path of one such file that file alone is
   * read. `options` prevail over what the files say.
   */
  static async from_pretrained(source: string | URL, options: Overrides & SourceOptions = {}): Promise<BertTokenizer> {
    if (typeof source !== 'string' && !isUrl(source))
      throw new TraceletError('value', { what: 'source', expected: 'a path, a URL or a hub id', got: describe(source) });
    const [reading, overrides] = splitOptions(
      checkOptions<Overrides & SourceOptions>('BertTokenizer.from_pretrained', options, { ...SOURCE_OPTIONS, ...OVERRIDES }),
    );
    reading.signal?.throwIfAborted();
    return BertTokenizer.from_files(await filesAt(await placeOf(source, reading), reading), overrides);
  }

  /** Builds a tokenizer from the texts of its files; `options` prevail over them. */
  static from_files(files: TokenizerFiles, options: Overrides = {}): BertTokenizer {
    const { max_len, ...others } = checkOptions<Overrides>('BertTokenizer.from_files', options, OVERRIDES);
    return new BertTokenizer({ ...optionsFromFiles(files), ...(max_len !== undefined && { model_max_length: max_len }), ...others });
  }

  /** Texts of the files from which {@link from_files} builds the same tokenizer. */
  files(): Record<'vocab.txt' | 'tokenizer_config.json', string> {
    return filesOf(this.#settings);
  }

  /** The tokens of a text or pair, without special tokens unless asked for. The options may be the second argument, as everywhere. */
  tokenize(text: string, options?: EncodeOptions): string[];
  tokenize(text: string, pair?: string | null, options?: EncodeOptions): string[];
  tokenize(...args: unknown[]): string[] {
    const call = callOf('tokenize()', args);
    return this.#one(oneInput(call), { add_special_tokens: false, ...call.options }).tokens;
  }

  /** The ids of a text or pair; as a tensor of shape [1, length] if asked for tensors. */
  encode(text: string, options: AsTensors): Tensor;
  encode(text: string, options?: AsArrays): number[];
  encode(text: string, pair: string | null | undefined, options: AsTensors): Tensor;
  encode(text: string, pair?: string | null, options?: AsArrays): number[];
  encode(text: string, options: EncodeOptions): number[] | Tensor;
  encode(...args: unknown[]): number[] | Tensor {
    const call = callOf('encode()', args);
    const encoding = this.#one(oneInput(call), call.options);
    return call.options.return_tensors ? tensors(stack([encoding])).input_ids : encoding.input_ids;
  }

  /** Encodes a text or pair. */
  encode_plus(text: string, options: AsTensors): TensorEncoding;
  encode_plus(text: string, options?: AsArrays): Encoding;
  encode_plus(text: string, pair: string | null | undefined, options: AsTensors): TensorEncoding;
  encode_plus(text: string, pair?: string | null, options?: AsArrays): Encoding;
  encode_plus(text: string, options: EncodeOptions): Encoding | TensorEncoding;
  encode_plus(text: string, pair?: string | null, options?: EncodeOptions): Encoding | TensorEncoding;
  encode_plus(...args: unknown[]): Encoding | TensorEncoding {
    return this.#answer(callOf('encode_plus()', args));
  }

  /** Encodes texts and pairs, column by column. */
  batch_encode_plus(inputs: readonly TextInput[], options: AsTensors): TensorEncoding;
  batch_encode_plus(inputs: readonly TextInput[], options?: AsArrays): BatchEncoding;
  batch_encode_plus(inputs: readonly TextInput[], options?: EncodeOptions): BatchEncoding | TensorEncoding;
  batch_encode_plus(...args: unknown[]): BatchEncoding | TensorEncoding {
    return this.#many(...batchOf('batch_encode_plus()', args));
  }

  /** Encodes texts and pairs, one result each. */
  encode_batch(inputs: readonly TextInput[], options?: AsArrays): Encoding[];
  encode_batch(...args: unknown[]): Encoding[] {
    const [inputs, options] = batchOf('encode_batch()', args);
    if (!options.return_tensors) return this.#encoder.encode(inputs, options);
    throw new TraceletError('value', {
      what: 'encode_batch(): option return_tensors',
      expected: 'false',
      got: describe(options.return_tensors),
      cure: 'batch_encode_plus returns tensors',
    });
  }

  /** What calling the tokenizer does. */
  call_(...args: unknown[]): Encoding | BatchEncoding | TensorEncoding {
    const call = callOf('the tokenizer', args);
    return Array.isArray(call.text) ? this.#many(manyInputs(call), call.options) : this.#answer(call);
  }

  /** The text that ids stand for. */
  decode(ids: Ids, options?: DecodeOptions): string {
    const known = checkOptions('decode()', options, DECODE_OPTIONS);
    const tokens = this.convert_ids_to_tokens(typeof ids === 'number' ? [ids] : ids, known);
    const text = joinPieces(tokens, this.#settings.wordpieces_prefix);
    return (known.clean_up_tokenization_spaces ?? this.#settings.clean_up_tokenization_spaces) ? closeUp(text) : text;
  }

  /** The texts of a batch of ids: arrays, or a tensor of shape [batch, length]. */
  batch_decode(batch: readonly Ids[] | Tensor, options?: DecodeOptions): string[] {
    const rows = Array.isArray(batch) ? batch : ((batch as Tensor)?.tolist?.() as Ids[] | undefined);
    if (!Array.isArray(rows))
      throw new TraceletError('value', { what: 'batch', expected: 'an array of ids or a tensor [batch, length]', got: describe(batch) });
    return Array.from(rows, (ids) => this.decode(ids, options));
  }

  /** `[CLS] first [SEP]`, or `[CLS] first [SEP] second [SEP]`. */
  build_inputs_with_special_tokens(first: readonly number[], second?: readonly number[] | null): number[] {
    const { cls_token_id: cls, sep_token_id: sep } = this;
    const begin = [cls, ...idList(first), sep];
    return second ? [...begin, ...idList(second), sep] : begin;
  }

  /** Type ids for {@link build_inputs_with_special_tokens}. */
  create_token_type_ids_from_sequences(first: readonly number[], second?: readonly number[] | null): number[] {
    const zeros = idList(first).fill(0).concat(0, 0);
    return second ? zeros.concat(idList(second).fill(1), 1) : zeros;
  }

  /** How many special tokens an encoded text, or pair, has. */
  num_special_tokens_to_add(pair = false): number {
    return proved('num_special_tokens_to_add()', pair, FLAG) ? 3 : 2;
  }

  /** The one text of a call encoded. */
  #answer(call: Call): Encoding | TensorEncoding {
    const encoding = this.#one(oneInput(call), call.options);
    return call.options.return_tensors ? tensors(stack([encoding])) : encoding;
  }

  #one(input: Input, options: EncodeSettings): Encoding {
    return this.#encoder.encode([input], options)[0];
  }

  #many(inputs: readonly Input[], options: EncodeSettings): BatchEncoding | TensorEncoding {
    const batch = stack(this.#encoder.encode(inputs, options));
    return options.return_tensors ? tensors(batch) : batch;
  }
}

/** Encodes one text or a batch, as calling a tokenizer does in Python. The pair is of the kind of the text; the options may come second. */
export interface BertTokenizer {
  (text: string | readonly string[], options: AsTensors): TensorEncoding;
  (text: string, options?: AsArrays): Encoding;
  (text: readonly string[], options?: AsArrays): BatchEncoding;
  (text: string | readonly string[], pair: string | readonly string[] | null | undefined, options: AsTensors): TensorEncoding;
  (text: string, pair?: string | null, options?: AsArrays): Encoding;
  (text: readonly string[], pair?: readonly string[] | null, options?: AsArrays): BatchEncoding;
  (text: string | readonly string[], options: EncodeOptions): Encoding | BatchEncoding | TensorEncoding;
}
