import { filesFrom, saveTokenizer } from '#tokenizer-files';
import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, proved } from '../base/options.ts';
import { FLAG, NAMES } from '../base/schema.ts';
import type { SourceOptions } from '../sources/options.ts';
import type { SaveOptions } from '../sources/saving.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batchOf, type Call, callOf, isBatch, manyInputs, oneInput, type TextInput, type WordsInput } from './arguments.ts';
import { read, write } from './chars.ts';
import { closeUp } from './decoders/wordpiece.ts';
import { addedTo, Encoder } from './encoder.ts';
import {
  type AsArrays,
  type AsRows,
  type AsTensors,
  type BatchEncoding,
  type EncodeOptions,
  type EncodeSettings,
  type Encoding,
  type OverflowingEncoding,
  single,
  stacked,
  type TensorEncoding,
  tensors,
} from './encoding.ts';
import { fastSettings, type PreTrainedTokenizerOptions } from './fast.ts';
import { fastOptions } from './fileoptions.ts';
import type { TokenizerFiles } from './files.ts';
import type { Place } from './interfaces.ts';
import { Made } from './made.ts';
import type { Row } from './row.ts';
import { fastFiles } from './save.ts';
import { TOKENIZER_OPTIONS, type TokenizerOptions } from './settings.ts';
import { DECODE_OPTIONS, type DecodeOptions, type Ids, idList, Tokens } from './tokens.ts';

/** `options` by which `max_len` goes under its other name, so that it prevails over what files say. */
export const prevailing = <Options extends TokenizerOptions>({ max_len, ...others }: Options) => ({
  ...(max_len !== undefined && { model_max_length: max_len }),
  ...others,
});

/**
 * The tokenizer that a tokenizer.json describes: `PreTrainedTokenizerFast` of Hugging Face transformers, giving the ids, tokens and offsets that it
 * gives for every text. A lone surrogate in a text counts as U+FFFD, as it would once encoded to UTF-8. Adding tokens alone
 * changes it. Bad options and texts throw a {@link TraceletError}.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions
export class PreTrainedTokenizerFast extends Tokens {
  readonly #made: Made;
  readonly #encoder: () => Encoder;
  /** Added tokens that the normalizer rewrites, as they are decoded. */
  readonly #rewritten: () => ReadonlyMap<number, string>;

  constructor(options: PreTrainedTokenizerOptions | Made) {
    const made = options instanceof Made ? options : madeOf(options);
    super(made);
    this.#made = made;
    this.#encoder = made.derived((settings) => new Encoder(settings));
    this.#rewritten = made.derived(({ added, parts }) => {
      const normalized = added.filter(({ token }) => token.normalized);
      return new Map(normalized.map(({ id, text }) => [id, write(parts.normalizer(read(text, 0, text.length))).text]));
    });
    this.#encoder();
  }

  /**
   * Reads `tokenizer.json`, with the files beside it that say more, from a directory, an address or a hub id; or a trace in which they travel. Of
   * the path of one such file that file alone is read. `options` prevail over what the files say.
   */
  static async from_pretrained(source: string | URL, options: TokenizerOptions & SourceOptions = {}): Promise<PreTrainedTokenizerFast> {
    return PreTrainedTokenizerFast.from_files(
      ...(await filesFrom<TokenizerOptions>('PreTrainedTokenizerFast.from_pretrained', source, options, TOKENIZER_OPTIONS)),
    );
  }

  /** Builds a tokenizer from the texts of its files; `options` prevail over them. */
  static from_files(files: TokenizerFiles, options: TokenizerOptions = {}): PreTrainedTokenizerFast {
    const known = checkOptions('PreTrainedTokenizerFast.from_files', options, TOKENIZER_OPTIONS);
    return new PreTrainedTokenizerFast({ ...fastOptions(files), ...prevailing(known) });
  }

  /** Texts of the files from which `from_files` builds the same tokenizer. */
  files(): Record<string, string> {
    return this.#made.files();
  }

  /** Writes {@link files} into a directory, made if need be, from which `from_pretrained` reads the same tokenizer; answers their paths. */
  async save_pretrained(folder: string, options?: SaveOptions): Promise<string[]> {
    return saveTokenizer(folder, this.files(), options);
  }

  /** The tokens of a text or pair, without special tokens unless asked for. The options may be the second argument, as everywhere. */
  tokenize(text: Text, options?: EncodeOptions): string[];
  tokenize(text: Text, pair?: Text | null, options?: EncodeOptions): string[];
  tokenize(...args: unknown[]): string[] {
    const { options, ...call } = callOf('tokenize()', args);
    return this.#rows({ ...call, options: { add_special_tokens: false, ...options } })[0].tokens;
  }

  /** The ids of a text or pair; as a tensor of shape [1, length] if asked for tensors, and row by row if asked for those that overflow. */
  encode(text: Text, options: AsTensors): Tensor;
  encode(text: Text, options: AsRows): number[][];
  encode(text: Text, options?: AsArrays): number[];
  encode(text: Text, pair: Text | null | undefined, options: AsTensors): Tensor;
  encode(text: Text, pair: Text | null | undefined, options: AsRows): number[][];
  encode(text: Text, pair?: Text | null, options?: AsArrays): number[];
  encode(text: Text, options: EncodeOptions): number[] | number[][] | Tensor;
  encode(...args: unknown[]): number[] | number[][] | Tensor {
    const call = callOf('encode()', args);
    const rows = this.#rows(call);
    if (call.options.return_tensors) return tensors(rows, call.options).input_ids;
    return call.options.return_overflowing_tokens ? rows.map((row) => row.input_ids) : rows[0].input_ids;
  }

  /** Encodes a text or pair. */
  encode_plus(text: Text, options: AsTensors): TensorEncoding;
  encode_plus(text: Text, options: AsRows): OverflowingEncoding;
  encode_plus(text: Text, options?: AsArrays): Encoding;
  encode_plus(text: Text, pair: Text | null | undefined, options: AsTensors): TensorEncoding;
  encode_plus(text: Text, pair: Text | null | undefined, options: AsRows): OverflowingEncoding;
  encode_plus(text: Text, pair?: Text | null, options?: AsArrays): Encoding;
  encode_plus(text: Text, options: EncodeOptions): Encoding | BatchEncoding | TensorEncoding;
  encode_plus(text: Text, pair?: Text | null, options?: EncodeOptions): Encoding | BatchEncoding | TensorEncoding;
  encode_plus(...args: unknown[]): Encoding | BatchEncoding | TensorEncoding {
    return this.#answer(callOf('encode_plus()', args));
  }

  /** Encodes texts and pairs, column by column. */
  batch_encode_plus(inputs: Inputs, options: AsTensors): TensorEncoding;
  batch_encode_plus(inputs: Inputs, options: AsRows): OverflowingEncoding;
  batch_encode_plus(inputs: Inputs, options?: AsArrays): BatchEncoding;
  batch_encode_plus(inputs: Inputs, options?: EncodeOptions): BatchEncoding | TensorEncoding;
  batch_encode_plus(...args: unknown[]): BatchEncoding | TensorEncoding {
    const [inputs, options] = batchOf('batch_encode_plus()', args);
    return batch(this.#encoder().encode(inputs, options), options);
  }

  /** Encodes texts and pairs, one result each. */
  encode_batch(inputs: Inputs, options?: AsArrays): Encoding[];
  encode_batch(...args: unknown[]): Encoding[] {
    const [inputs, options] = batchOf('encode_batch()', args);
    for (const name of ['return_tensors', 'return_overflowing_tokens'] as const)
      if (options[name])
        throw new TraceletError('value', {
          what: `encode_batch(): option ${name}`,
          expected: 'false',
          got: describe(options[name]),
          cure: `batch_encode_plus returns ${name === 'return_tensors' ? 'tensors' : 'rows, and says of which text each is'}`,
        });
    return this.#encoder()
      .encode(inputs, options)
      .map((row) => single(row, options));
  }

  /** What calling the tokenizer does. */
  call_(...args: unknown[]): Encoding | BatchEncoding | TensorEncoding {
    const call = callOf('the tokenizer', args);
    return isBatch(call) ? batch(this.#encoder().encode(manyInputs(call), call.options), call.options) : this.#answer(call);
  }

  /** The text that ids stand for. */
  decode(ids: Ids, options?: DecodeOptions): string {
    const known = checkOptions('decode()', options, DECODE_OPTIONS);
    const { parts, added, clean_up_tokenization_spaces } = this.#made.settings;
    const list = typeof ids === 'number' ? [ids] : idList(ids);
    const tokens = this.convert_ids_to_tokens(list).map((token, i) => this.#rewritten().get(list[i]) ?? token);
    const special = new Set(known.skip_special_tokens ? added.filter(({ token }) => token.special).map((each) => each.text) : []);
    const text = parts.decoder(tokens.filter((token) => !special.has(token))).join('');
    return (known.clean_up_tokenization_spaces ?? clean_up_tokenization_spaces) ? closeUp(text) : text;
  }

  /** The text that tokens stand for; special ones among them too. */
  convert_tokens_to_string(tokens: readonly string[]): string {
    return this.#made.settings.parts.decoder(proved('tokens', tokens, NAMES)).join('');
  }

  /** The texts of a batch of ids: arrays, or a tensor of shape [batch, length]. */
  batch_decode(batch: readonly Ids[] | Tensor, options?: DecodeOptions): string[] {
    const rows = Array.isArray(batch) ? batch : ((batch as Tensor)?.tolist?.() as Ids[] | undefined);
    if (!Array.isArray(rows))
      throw new TraceletError('value', { what: 'batch', expected: 'an array of ids or a tensor [batch, length]', got: describe(batch) });
    return Array.from(rows, (ids) => this.decode(ids, options));
  }

  /** The ids of a text, or of two, with those of the special tokens around them. */
  build_inputs_with_special_tokens(first: readonly number[], second?: readonly number[] | null): number[] {
    const texts = second ? [idList(first), idList(second)] : [idList(first)];
    return this.#template(!!second).flatMap((place) => ('token' in place ? place.token.id : texts[place.sequence]));
  }

  /** Type ids for {@link build_inputs_with_special_tokens}. */
  create_token_type_ids_from_sequences(first: readonly number[], second?: readonly number[] | null): number[] {
    const texts = second ? [idList(first), idList(second)] : [idList(first)];
    return this.#template(!!second).flatMap((place) => ('token' in place ? place.type : texts[place.sequence].map(() => place.type)));
  }

  /** How many special tokens an encoded text, or pair, has. */
  num_special_tokens_to_add(pair = false): number {
    return addedTo(this.#template(proved('num_special_tokens_to_add()', pair, FLAG)));
  }

  #template(isPair: boolean): readonly Place[] {
    const { single, pair } = this.#made.settings.parts.processor;
    return isPair ? pair : single;
  }

  /** The one text of a call encoded. */
  #answer(call: Call): Encoding | BatchEncoding | TensorEncoding {
    const { return_tensors, return_overflowing_tokens } = call.options;
    const rows = this.#rows(call);
    return return_tensors || return_overflowing_tokens ? batch(rows, call.options) : single(rows[0], call.options);
  }

  #rows(call: Call): Row[] {
    return this.#encoder().encode([oneInput(call)], call.options);
  }
}

const batch = (rows: readonly Row[], options: EncodeSettings): BatchEncoding | TensorEncoding =>
  options.return_tensors ? tensors(rows, options) : stacked(rows, options);

/** A text, or words where they are said to be given. */
type Text = string | readonly string[];
type Inputs = readonly (TextInput | WordsInput)[];
type Texts = Text | Inputs;
type AsWords = AsArrays & { is_split_into_words: true };

/** Encodes one text or a batch, as calling a tokenizer does in Python. The pair is of the kind of the text; the options may come second. */
export interface PreTrainedTokenizerFast {
  (text: Texts, options: AsTensors): TensorEncoding;
  (text: Texts, options: AsRows): OverflowingEncoding;
  (text: readonly string[], options: AsWords): Encoding;
  (text: string, options?: AsArrays): Encoding;
  (text: Inputs, options?: AsArrays): BatchEncoding;
  (text: Texts, pair: Texts | null | undefined, options: AsTensors): TensorEncoding;
  (text: Texts, pair: Texts | null | undefined, options: AsRows): OverflowingEncoding;
  (text: readonly string[], pair: readonly string[] | null | undefined, options: AsWords): Encoding;
  (text: string, pair?: string | null, options?: AsArrays): Encoding;
  (text: Inputs, pair?: Inputs | null, options?: AsArrays): BatchEncoding;
  (text: Texts, options: EncodeOptions): Encoding | BatchEncoding | TensorEncoding;
  (text: Texts, pair: Texts | null | undefined, options: EncodeOptions): Encoding | BatchEncoding | TensorEncoding;
}

const madeOf = (options: PreTrainedTokenizerOptions): Made =>
  Made.of(fastSettings(options), fastFiles, (settings, changes) => ({ ...settings, ...changes }));
