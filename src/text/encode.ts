import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import type { OptionTable } from '../base/options.ts';
import { FLAG, type Kind, kind, TEXT } from '../base/schema.ts';
import { TYPES } from '../nn/inputs.ts';
import { excludesPrompt, type PromptOptions, promptOf } from '../sentence/prompt.ts';
import type { TextReader } from '../sentence/tokenizer.ts';
import type { Encoding, TextInput } from '../tokenizer/index.ts';
import type { TruncationStrategy } from '../tokenizer/truncation.ts';
import { type ChunkOptions, chunkRanges, chunkSizes, wordsOf } from './chunk.ts';

/** A row of ids. */
export interface Row {
  ids: Int32Array;
  /** 0 for the first text, 1 for the second; absent where there is one. */
  types?: Int32Array;
  /** Tokens at the beginning that pooling leaves out. */
  unpooled: number;
  /** How many tokens are those of the text itself, neither special nor of a prompt. */
  own: number;
  /** Tokens at the end that no token looks at. */
  unseen?: number;
}

/** A text as rows of ids: one, or one for each chunk. */
export interface Encoded {
  /** Its number in the order given. */
  index: number;
  text: TextInput;
  /** How many tokens it has, special ones and those of a prompt included. */
  tokens: number;
  /** How many of them were left out. */
  truncated: number;
  rows: Row[];
}

/** How texts become inputs. A text that is too long is an error unless said otherwise. */
export interface TextOptions extends PromptOptions {
  /** Leaves out the tokens that do not fit. */
  truncate?: boolean;
}

/** What becomes of a text that is too long. */
export interface LongTexts extends TextOptions {
  /** Cuts it into chunks and pools their vectors. */
  chunk?: boolean | ChunkOptions;
}

export const TEXT_OPTIONS: OptionTable<TextOptions> = { truncate: FLAG, prompt: TEXT, prompt_name: TEXT };
const CHUNK: Kind<unknown> = kind('true, false or { tokens, overlap }', (value) => typeof value === 'boolean' || isObject(value));
export const LONG_TEXTS: OptionTable<LongTexts> = { ...TEXT_OPTIONS, chunk: CHUNK };

/** What becomes of a text that is too long, where a strategy may say which of two gives up tokens. */
interface Cutting extends Omit<LongTexts, 'truncate'> {
  truncate?: boolean | TruncationStrategy;
}

/** Most tokens of a text, and what takes no more. */
export interface Longest {
  most: number;
  of: 'model' | 'trace';
}

/** How long texts of a reader may be for a trace that takes `sequence` tokens. */
export const longestOf = ({ tokenizer: { model_max_length } }: TextReader, sequence: number): Longest =>
  model_max_length < sequence ? { most: model_max_length, of: 'model' } : { most: sequence, of: 'trace' };

/** That a text is too long, and what can be done. */
export const tooLong = (what: string, text: unknown, tokens: number, { most, of }: Longest, cure: string): TraceletError =>
  new TraceletError('value', {
    what,
    expected: `at most ${most} tokens, which the ${of} takes`,
    got: `${tokens} for ${describe(text)}`,
    cure,
  });

/** What messages call the texts of a call, and what they say can be done about one that is too long. */
export interface Wording {
  what: string;
  nameOf: (index: number) => string;
  cure: string;
}

/** A function that encodes a text in rows of at most `longest` tokens. It throws a `value` error for what is no text, or too long. */
export function encoder(reader: TextReader, longest: Longest, options: Cutting, { what, nameOf, cure }: Wording) {
  const { tokenizer, sentence } = reader;
  const { truncate = false, chunk } = options;
  if (truncate && chunk) throw new TraceletError('value', { what, expected: 'truncate or chunk', got: 'both' });
  const prompt = promptOf(sentence, options, what);
  const unpooled = prompt && excludesPrompt(sentence) ? promptTokens(reader, prompt) : 0;
  const { most } = longest;
  const bare = sentence?.modules[0].type.endsWith('StaticEmbedding');
  const special = bare ? 0 : tokenizer.num_special_tokens_to_add();
  const [room, overlap] = chunk ? chunkSizes(chunk === true ? {} : chunk, most, special) : [most - special, 0];
  const typed = tokenizer.model_input_names.includes(TYPES);
  const places = { return_offsets_mapping: !!chunk, return_special_tokens_mask: !!chunk } as const;
  const cutting = { ...places, add_special_tokens: !bare, truncation: truncate, max_length: most } as const;

  const whole = (ids: number[]): number[] => (bare ? ids : tokenizer.build_inputs_with_special_tokens(ids));

  return (text: TextInput, index: number): Encoded => {
    const [first, second] = partsOf(text, nameOf(index));
    const encoding = tokenizer.encode_plus(prompt + first, second ?? null, { ...cutting, offset_unit: 'utf16' });
    const { input_ids: ids, token_type_ids, num_truncated_tokens: truncated } = encoding;
    const tokens = ids.length + truncated;
    const encoded = { index, text, tokens, truncated };
    if (ids.length <= (chunk ? room + special : most)) {
      const types = second === undefined || !typed ? undefined : Int32Array.from(token_type_ids);
      return { ...encoded, rows: [{ ids: Int32Array.from(ids), types, unpooled, own: ids.length - special }] };
    }
    if (!chunk) throw tooLong(nameOf(index), text, tokens, longest, cure);
    if (second !== undefined)
      throw new TraceletError('value', { what: nameOf(index), expected: 'a text to cut into chunks', got: 'one with its pair' });
    return { ...encoded, rows: chunksOf(encoding) };
  };

  /** Each chunk begins with the prompt. */
  function chunksOf({ input_ids, tokens, offset_mapping = [], special_tokens_mask = [] }: Encoding): Row[] {
    const isOwn = (_: unknown, i: number): boolean => special_tokens_mask[i] === 0;
    const own = input_ids.filter(isOwn);
    const begin = offset_mapping.filter(isOwn).filter(([start]) => start < prompt.length).length;
    if (begin >= room)
      throw new TraceletError('value', { what, expected: `a prompt of less than the ${room} tokens of a chunk`, got: `${begin} tokens` });
    const inWord = wordsOf(tokenizer, tokens.filter(isOwn).slice(begin));
    const left = room - begin;
    return chunkRanges(own.length - begin, left, Math.min(overlap, left - 1), inWord).map(([start, end]) => ({
      ids: Int32Array.from(whole([...own.slice(0, begin), ...own.slice(begin + start, begin + end)])),
      unpooled,
      own: end - start,
    }));
  }
}

/** How many tokens a prompt has alone, the special one behind it left out. As in sentence-transformers. */
function promptTokens({ tokenizer }: TextReader, prompt: string): number {
  const ids = tokenizer.encode(prompt);
  return tokenizer.all_special_ids.includes(ids[ids.length - 1]) ? ids.length - 1 : ids.length;
}

function partsOf(text: TextInput, what: string): readonly string[] {
  const parts: readonly string[] = Array.isArray(text) ? text : [text as string];
  if (parts.length > 2 || parts.length === 0 || parts.some((part) => typeof part !== 'string'))
    throw new TraceletError('value', { what, expected: 'a string or [text, pair]', got: describe(text) });
  return parts;
}
