import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import {
  type BatchEncoding,
  BertTokenizer,
  type EncodeOptions,
  PreTrainedTokenizerFast,
  type TokenizerOptions,
} from '../../src/tokenizer/index.ts';
import { fixture } from './fixtures.ts';

/** What the Rust tokenizers make of a text in one row. Masks are digits, offsets are flat and count code points. */
interface Answer {
  ids: number[];
  offsets: number[];
  special: string;
  type_ids?: string;
  attention?: string;
  tokens?: string[];
  words?: (number | null)[];
  sequences?: (number | null)[];
}

type Asked =
  | 'token_to_sequence'
  | 'token_to_word'
  | 'token_to_chars'
  | 'word_to_tokens'
  | 'word_to_chars'
  | 'char_to_token'
  | 'char_to_word';

/** A text with what it was encoded by, as `enable_truncation` and `enable_padding` take it, and the rows that came of it. */
export interface EncodingCase extends Answer {
  text: string | string[];
  pair?: string | string[];
  options?: {
    add_special_tokens?: boolean;
    truncation?: {
      max_length: number;
      stride: number;
      strategy: 'longest_first' | 'only_first' | 'only_second';
      direction: 'left' | 'right';
    };
    padding?: { direction: 'left' | 'right'; length?: number; pad_to_multiple_of?: number; pad_id: number; pad_token: string };
  };
  overflowing?: Answer[];
  /** Methods of `BatchEncoding`, with the arguments, and what `Encoding` of the Rust tokenizers answers. */
  asks?: [method: Asked, args: number[], answer: unknown][];
  decoded?: string;
  decoded_raw?: string;
}

type Side = 'left' | 'right';

/** A tokenizer that cuts and pads on given sides. */
export type Sided = (truncation_side: Side, padding_side: Side, pad_token?: string) => PreTrainedTokenizerFast;

/** The tokenizers of a tokenizer.json by their sides, each made once. */
export function sidedBy(json: string): Sided {
  const made = new Map<string, PreTrainedTokenizerFast>();
  return (truncation_side, padding_side, pad_token) => {
    const options: TokenizerOptions = { truncation_side, padding_side, ...(pad_token && { pad_token }) };
    const key = JSON.stringify(options);
    const tokenizer = made.get(key) ?? PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json }, options);
    made.set(key, tokenizer);
    return tokenizer;
  };
}

/** The first line of a fixture that scripts/encodings.py made, and what the others hold. */
export function encodingsFixture<Line = EncodingCase>(name: string): { json: string; lines: Line[] } {
  const [json, ...lines] = readFileSync(fixture(`tokenizer/encodings/${name}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n');
  return { json, lines: lines.map((line) => JSON.parse(line) as Line) };
}

const digits = (text: string): number[] => Array.from(text, Number);
const pairs = (flat: readonly number[]): number[][] => Array.from({ length: flat.length / 2 }, (_, i) => flat.slice(2 * i, 2 * i + 2));

/** How the case is said here; padding only where one max_length says both that and where the text is cut. */
function optionsOf({
  text,
  options: { add_special_tokens, truncation, padding } = {},
}: EncodingCase): Omit<EncodeOptions, 'return_tensors'> & { isPadded: boolean } {
  const most = truncation?.max_length;
  const isAlike = padding?.length === undefined || most === undefined || padding.length === most;
  const isPadded = !!padding && isAlike && (most ?? 0) % (padding.pad_to_multiple_of ?? 1) === 0;
  const max_length = most ?? (isPadded ? padding?.length : undefined);
  return {
    isPadded,
    ...(add_special_tokens !== undefined && { add_special_tokens }),
    ...(max_length !== undefined && { max_length }),
    truncation: truncation?.strategy ?? false,
    ...(truncation && { stride: truncation.stride }),
    ...(isPadded && {
      padding: padding?.length === undefined ? true : 'max_length',
      ...(padding?.pad_to_multiple_of && { pad_to_multiple_of: padding.pad_to_multiple_of }),
    }),
    ...(Array.isArray(text) && { is_split_into_words: true }),
  };
}

/** That a tokenizer answers what the Rust tokenizers do, row by row and column by column. */
export function expectEncoding(sided: Sided, one: EncodingCase): void {
  const { text, pair = null, options: { truncation, padding } = {} } = one;
  const { isPadded, ...options } = optionsOf(one);
  const tokenizer = sided(truncation?.direction ?? 'right', padding?.direction ?? 'right', padding?.pad_token);
  const batch: BatchEncoding = tokenizer.encode_plus(text, pair, {
    ...options,
    return_overflowing_tokens: true,
    return_offsets_mapping: true,
    return_special_tokens_mask: true,
    offset_unit: 'codepoint',
  });
  const label = JSON.stringify([text, pair, one.options]);
  const rows = [one, ...(one.overflowing ?? [])];
  expect(batch.input_ids.length, label).toBe(rows.length);
  expect(batch.overflow_to_sample_mapping, label).toEqual(rows.map(() => 0));
  for (const [i, right] of rows.entries()) {
    const own = right.attention === undefined ? right.ids.map(() => 1) : digits(right.attention);
    const kept = <T>(column: readonly T[]): T[] => (isPadded ? [...column] : column.filter((_, at) => own[at]));
    const types = right.type_ids ? digits(right.type_ids).map((type, at) => (own[at] ? type : 0)) : right.ids.map(() => 0);
    const at = `row ${i} of ${label}`;
    expect(batch.input_ids[i], at).toEqual(kept(right.ids));
    expect(batch.attention_mask[i], at).toEqual(kept(own));
    expect(batch.token_type_ids[i], at).toEqual(kept(types));
    expect(batch.special_tokens_mask?.[i], at).toEqual(kept(digits(right.special)));
    expect(batch.offset_mapping?.[i], at).toEqual(kept(pairs(right.offsets)));
    if (right.tokens) expect(batch.tokens[i], at).toEqual(kept(right.tokens));
    if (right.words) expect(batch.word_ids(i), at).toEqual(kept(right.words));
    if (right.sequences) expect(batch.sequence_ids(i), at).toEqual(kept(right.sequences));
  }
  for (const [method, args, answer] of one.asks ?? []) {
    const ask = () => (batch[method] as (...args: number[]) => unknown).apply(batch, args);
    if (method === 'word_to_chars' && answer === null) expect(ask, label).toThrow(/a word of which the row has a token/);
    else expect(ask(), `${method}(${args}) of ${label}`).toEqual(answer);
  }
}

export const VOCAB = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'jim',
  'hen',
  '##son',
  'was',
  '!',
  '中',
  "'",
  't',
  'a',
  'b',
  'c',
  'd',
  'e',
  'f',
];
export const bert = new BertTokenizer({ vocab: VOCAB });
export const LETTERS = 'a b c d e f';
export const rows = { return_overflowing_tokens: true } as const;
