import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import { type Tensor, tensor } from '../tensor.ts';
import type { Sequence, Side, TruncationStrategy } from './sequence.ts';

/** Where a token stands in its text: start and end, `[0, 0]` for tokens that were added. */
export type Offset = [start: number, end: number];

/** Options of the encoding methods, named as in Hugging Face's `__call__`. */
export interface EncodeOptions {
  /** Default true. */
  add_special_tokens?: boolean;
  /** true is 'longest_first'. Default: 'longest_first' where a `max_length` is given and no padding, else none. */
  truncation?: boolean | TruncationStrategy;
  /** In tokens, special ones included. Default: `model_max_length`. */
  max_length?: number;
  /** true is 'longest', the longest of the batch. Default false. */
  padding?: boolean | 'longest' | 'max_length' | 'do_not_pad';
  /** Rounds the padded length up. */
  pad_to_multiple_of?: number;
  /** int32 tensors of shape [batch, length] instead of arrays; tokens and offsets stay arrays. */
  return_tensors?: boolean;
  return_offsets_mapping?: boolean;
  /** Offsets count code points, as in Python, or UTF-16 units, as JavaScript strings are indexed. Default 'codepoint'. */
  offset_unit?: 'codepoint' | 'utf16';
  return_special_tokens_mask?: boolean;
  /** Adds what truncation removed. */
  return_overflowing_tokens?: boolean;
}

/** One encoded text or pair, as Hugging Face's `BatchEncoding`. */
export interface Encoding {
  input_ids: number[];
  /** 0 for the first text, 1 for the second. */
  token_type_ids: number[];
  /** 0 for padding. */
  attention_mask: number[];
  tokens: string[];
  /** 1 for tokens that were added. */
  special_tokens_mask?: number[];
  offset_mapping?: Offset[];
  /** Ids that truncation removed, of the first text, then of the second. */
  overflowing_tokens?: number[];
  num_truncated_tokens?: number;
}

/** Encoded texts, a row each. */
export type BatchEncoding = { [Key in keyof Encoding]: NonNullable<Encoding[Key]>[] };

type TensorKey = 'input_ids' | 'token_type_ids' | 'attention_mask' | 'special_tokens_mask';

/** Encoded texts as int32 tensors of shape [batch, length]. */
export type TensorEncoding = Omit<BatchEncoding, TensorKey> & { [Key in keyof Pick<Encoding, TensorKey>]: Tensor };

const OPTIONS: Record<keyof EncodeOptions, string> = {
  add_special_tokens: 'boolean',
  truncation: 'boolean longest_first only_first only_second do_not_truncate',
  max_length: 'number',
  padding: 'boolean longest max_length do_not_pad',
  pad_to_multiple_of: 'number',
  return_tensors: 'boolean',
  return_offsets_mapping: 'boolean',
  offset_unit: 'codepoint utf16',
  return_special_tokens_mask: 'boolean',
  return_overflowing_tokens: 'boolean',
};

export function checkOptions(options: EncodeOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TraceletError('value', { what: 'options', expected: 'an object of encoding options', got: describe(options) });
  for (const [name, value] of Object.entries(options)) {
    const allowed = OPTIONS[name as keyof EncodeOptions]?.split(' ');
    if (!allowed)
      throw new TraceletError('value', {
        what: `option ${name}`,
        expected: `one of ${Object.keys(OPTIONS).join(', ')}`,
        got: describe(value),
      });
    const fits =
      value === undefined || allowed.some((kind) => (kind === 'number' ? isCount(value) : typeof value === kind || value === kind));
    if (!fits)
      throw new TraceletError('value', {
        what: `option ${name}`,
        expected: allowed[0] === 'number' ? 'a whole number, 0 or more' : allowed.join(' or '),
        got: describe(value),
      });
  }
}

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;

/** One row under construction: every column as long as the row. */
export type Row = Required<Omit<Encoding, 'overflowing_tokens' | 'num_truncated_tokens'>>;

/** A token that is put around or behind the text. */
export interface Filler {
  id: number;
  token: string;
}

export const emptyRow = (): Row => ({
  input_ids: [],
  token_type_ids: [],
  attention_mask: [],
  tokens: [],
  special_tokens_mask: [],
  offset_mapping: [],
});

export function addFiller(row: Row, { id, token }: Filler, type: number): void {
  row.input_ids.push(id);
  row.token_type_ids.push(type);
  row.attention_mask.push(1);
  row.tokens.push(token);
  row.special_tokens_mask.push(1);
  row.offset_mapping.push([0, 0]);
}

/** Appends a text; `unit` turns an index of its UTF-16 units into an offset. */
export function addSequence(row: Row, sequence: Sequence, type: number, unit: (index: number) => number): void {
  for (let i = 0; i < sequence.ids.length; i++) {
    row.input_ids.push(sequence.ids[i]);
    row.token_type_ids.push(type);
    row.attention_mask.push(1);
    row.tokens.push(sequence.tokens[i]);
    row.special_tokens_mask.push(0);
    row.offset_mapping.push([unit(sequence.starts[i]), unit(sequence.ends[i])]);
  }
}

export function padRow(row: Row, length: number, { id, token }: Filler, side: Side): void {
  const count = length - row.input_ids.length;
  if (count <= 0) return;
  const extend = <T>(column: T[], value: (index: number) => T): void => {
    const filling = Array.from({ length: count }, (_, index) => value(index));
    if (side === 'right') for (const one of filling) column.push(one);
    else column.splice(0, column.length, ...filling.concat(column));
  };
  extend(row.input_ids, () => id);
  extend(row.token_type_ids, () => 0);
  extend(row.attention_mask, () => 0);
  extend(row.tokens, () => token);
  extend(row.special_tokens_mask, () => 1);
  extend(row.offset_mapping, () => [0, 0]);
}

/** The rows column by column. */
export function stack(rows: readonly Encoding[]): BatchEncoding {
  const columns = Object.keys(rows[0] ?? { input_ids: 0, token_type_ids: 0, attention_mask: 0, tokens: 0 });
  return Object.fromEntries(columns.map((key) => [key, rows.map((row) => row[key as keyof Encoding])])) as BatchEncoding;
}

export function tensors(batch: BatchEncoding): TensorEncoding {
  const lengths = new Set(batch.input_ids.map((row) => row.length));
  if (lengths.size > 1)
    throw new TraceletError('shape', {
      what: 'return_tensors',
      expected: 'rows of one length',
      got: `lengths ${[...lengths].slice(0, 8).join(', ')}`,
      cure: 'Pass padding: true, and truncation: true where texts may be too long',
    });
  const { special_tokens_mask: mask } = batch;
  const int32 = (rows: number[][]): Tensor => tensor(rows, { dtype: 'int32' });
  return {
    ...batch,
    input_ids: int32(batch.input_ids),
    token_type_ids: int32(batch.token_type_ids),
    attention_mask: int32(batch.attention_mask),
    ...(mask && { special_tokens_mask: int32(mask) }),
  } as TensorEncoding;
}

/** A function from indexes of UTF-16 units of `text` to indexes of its code points. */
export function codePointIndex(text: string): (index: number) => number {
  const indexes = new Uint32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; ) {
    const next = i + ((text.codePointAt(i) as number) > 0xffff ? 2 : 1);
    indexes.fill(count++, i, next);
    i = next;
  }
  indexes[text.length] = count;
  return (index) => indexes[index];
}
