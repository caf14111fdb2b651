import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, type OptionTable, proved } from '../base/options.ts';
import { isUrl } from '../base/realm.ts';
import { FLAG } from '../base/schema.ts';
import { SOURCE_OPTIONS, type SourceOptions, splitOptions } from '../sources/folder.ts';
import { placeOf } from '../sources/place.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { batchOf, type Call, callOf, manyInputs, oneInput, type TextInput } from './arguments.ts';
import { read, write } from './chars.ts';
import { closeUp } from './decoders/wordpiece.ts';
import { addedTo, Encoder, type Input } from './encoder.ts';
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
import { fastSettings, type PreTrainedTokenizerOptions } from './fast.ts';
import { fastOptions } from './fileoptions.ts';
import { filesAt, type TokenizerFiles } from './files.ts';
import type { Place } from './interfaces.ts';
import { fastFiles } from './save.ts';
import { type Settings, TOKENIZER_OPTIONS, type TokenizerOptions } from './settings.ts';
import { DECODE_OPTIONS, type DecodeOptions, type Ids, idList, Tokens } from './tokens.ts';

/** What a class makes of its options: what the tokenizer does, and the files that say so. */
export class Made {
  readonly settings: Settings;
  readonly files: () => Record<string, string>;

  constructor(settings: Settings, files: () => Record<string, string>) {
    this.settings = settings;
    this.files = files;
  }
}

/** The files at a source, and the options that are not about reading them. */
export async function filesFrom<Options extends object>(
  what: string,
  source: string | URL,
  options: Options & SourceOptions,
  table: OptionTable<Options>,
): Promise<[files: TokenizerFiles, options: Options]> {
  if (typeof source !== 'string' && !isUrl(source))
    throw new TraceletError('value', { what: 'source', expected: 'a path, a URL or a hub id', got: describe(source) });
  const known = checkOptions<Options & SourceOptions>(what, options, { ...SOURCE_OPTIONS, ...table } as OptionTable<
    Options & SourceOptions
  >);
  const [reading, others] = splitOptions(known);
  reading.signal?.throwIfAborted();
  return [await filesAt(await placeOf(source, reading), reading), others as unknown as Options];
}

/** `options` by which `max_len` goes under its other name, so that it prevails over what files say. */
export const prevailing = <Options extends TokenizerOptions>({ max_len, ...others }: Options) => ({
  ...(max_len !== undefined && { model_max_length: max_len }),
  ...others,
});

/**
 * The tokenizer that a tokenizer.json describes: `PreTrainedTokenizerFast` of Hugging Face transformers, giving the ids, tokens and offsets that it
 * gives for every text. A lone surrogate in a text counts as U+FFFD, as it would once encoded to UTF-8. Settings never change. Bad options and
 * texts throw a {@link TraceletError}.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions
export class PreTrainedTokenizerFast extends Tokens {
  readonly #made: Made;
  readonly #encoder: Encoder;
  /** Added tokens that the normalizer rewrites, as they are decoded. */
  readonly #rewritten: ReadonlyMap<number, string>;

  constructor(options: PreTrainedTokenizerOptions | Made) {
    const made = options instanceof Made ? options : madeOf(options);
    super(made.settings);
    this.#made = made;
    this.#encoder = new Encoder(made.settings);
    const { added, parts } = made.settings;
    const normalized = added.filter(({ token }) => token.normalized);
    this.#rewritten = new Map(normalized.map(({ id, text }) => [id, write(parts.normalizer(read(text, 0, text.length))).text]));
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
    const { parts, added, clean_up_tokenization_spaces } = this.#made.settings;
    const list = typeof ids === 'number' ? [ids] : idList(ids);
    const tokens = this.convert_ids_to_tokens(list).map((token, i) => this.#rewritten.get(list[i]) ?? token);
    const special = new Set(known.skip_special_tokens ? added.filter(({ token }) => token.special).map((each) => each.text) : []);
    const text = parts.decoder(tokens.filter((token) => !special.has(token))).join('');
    return (known.clean_up_tokenization_spaces ?? clean_up_tokenization_spaces) ? closeUp(text) : text;
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
export interface PreTrainedTokenizerFast {
  (text: string | readonly string[], options: AsTensors): TensorEncoding;
  (text: string, options?: AsArrays): Encoding;
  (text: readonly string[], options?: AsArrays): BatchEncoding;
  (text: string | readonly string[], pair: string | readonly string[] | null | undefined, options: AsTensors): TensorEncoding;
  (text: string, pair?: string | null, options?: AsArrays): Encoding;
  (text: readonly string[], pair?: readonly string[] | null, options?: AsArrays): BatchEncoding;
  (text: string | readonly string[], options: EncodeOptions): Encoding | BatchEncoding | TensorEncoding;
}

function madeOf(options: PreTrainedTokenizerOptions): Made {
  const settings = fastSettings(options);
  return new Made(settings, () => fastFiles(settings));
}
