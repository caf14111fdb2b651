import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import type { OptionTable } from '../base/options.ts';
import { FLAG, SIZE } from '../base/schema.ts';
import { Slice } from '../base/slices.ts';
import { encoder, type Row } from '../text/encode.ts';
import { capacityOf } from '../text/inputs.ts';
import { answerRows as answered, type RowPart } from '../text/rows.ts';
import type { EncodeOptions } from '../tokenizer/encoding.ts';
import type { TextInput } from '../tokenizer/index.ts';
import type { CallOptions, Host } from './task.ts';

/** What becomes of a text that is too long: an error, unless one of these is given. */
export interface CutOptions {
  /** Leaves out the tokens that do not fit. */
  truncation?: boolean;
  /** In tokens, special ones included: as many as the model takes unless given, which asks for truncation. */
  max_length?: number;
}

export const CUT_OPTIONS: OptionTable<CutOptions> = { truncation: FLAG, max_length: SIZE };

/** A text, alone or with its pair. */
export type NamedText = string | { readonly text: string; readonly text_pair?: string | null };
/** The same in a list, where two strings are a pair as well. */
export type TextOrPair = NamedText | readonly [text: string, pair: string];

type Parts = readonly [text: string, pair?: string];

/** The parts of a text, of which an empty pair is none. Throws a `value` error that names `what`. */
export function partsOf(value: unknown, what: string): Parts {
  const given = isObject(value)
    ? [value.text, ...(value.text_pair === undefined || value.text_pair === null ? [] : [value.text_pair])]
    : value;
  const parts: unknown[] = Array.isArray(given) ? given : [given];
  if (parts.length < 1 || parts.length > 2 || parts.some((part) => typeof part !== 'string'))
    throw new TraceletError('value', { what, expected: 'a string, [text, pair] or { text, text_pair }', got: describe(value) });
  return (parts[1] === '' ? [parts[0]] : parts) as unknown as Parts;
}

/** Inputs of a call, and whether they were given as a list. Throws a `value` error for what is neither one of them nor a list. */
export function listOf<T>(value: unknown, what: string, each: (value: unknown, what: string) => T): { items: T[]; isList: boolean } {
  const isList = Array.isArray(value);
  const items = isList ? Array.from(value, (item, i) => each(item, `${what}s[${i}]`)) : [each(value, what)];
  return { items, isList };
}

export function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw new TraceletError('value', { what, expected: 'a string', got: describe(value) });
}

/** A row of ids and types. */
export const rowOf = (ids: readonly number[], types?: readonly number[]): Row => ({
  ids: Int32Array.from(ids),
  ...(types && { types: Int32Array.from(types) }),
  unpooled: 0,
  own: ids.length,
});

const WHAT = 'the pipeline';
export const TRUNCATE = 'The option truncation: true leaves out the rest';

/** How texts become rows. */
interface Encoding extends CutOptions {
  nameOf(index: number): string;
  /** Which text gives up tokens, where it is allowed to. */
  strategy?: EncodeOptions['truncation'] & string;
  /** Most tokens of a row; what the trace takes unless given. */
  limit?: number;
  signal?: AbortSignal;
}

/** A row for each text. Throws a `value` error for one that is too long, unless told to cut it. */
export async function encodeRows({ tokenizer, limit: own }: Host, texts: readonly Parts[], encoding: Encoding): Promise<Row[]> {
  const { max_length, truncation = max_length !== undefined, nameOf, strategy = 'longest_first', limit = own, signal } = encoding;
  const most = truncation ? Math.min(limit, max_length ?? tokenizer.model_max_length) : limit;
  const reader = { tokenizer, sentence: undefined };
  const wording = { what: WHAT, nameOf, cure: TRUNCATE };
  const encode = encoder(reader, { most, of: 'model' }, { truncate: truncation && strategy }, wording);
  const slice = new Slice(signal);
  const rows: Row[] = [];
  for (const [i, parts] of texts.entries()) {
    rows.push(encode((parts.length === 1 ? parts[0] : parts) as TextInput, i).rows[0]);
    if (slice.over) await slice.next();
  }
  return rows;
}

/** Runs rows, and hands `placed` the number of each with its part of each output. `batchTokens` prevails over `most`. */
export async function answerRows(
  { traced, tokenizer }: Host,
  rows: readonly Row[],
  outputs: readonly string[],
  { signal, batchTokens, progress_callback, most }: CallOptions & { most?: number },
  placed: (row: number, ...parts: RowPart[]) => void,
): Promise<void> {
  const capacity = capacityOf(traced, batchTokens);
  if (batchTokens === undefined && most !== undefined) capacity.batchTokens = Math.min(capacity.batchTokens, Math.max(1, most));
  await answered(traced, rows, { capacity, tokenizer, outputs, signal, what: WHAT }, progress_callback, placed);
}
