import { TraceletError } from '../base/error.ts';
import type { OptionTable } from '../base/options.ts';
import { FLAG, kind, oneOf } from '../base/schema.ts';
import { tensor } from '../tensor/creation.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { OffsetUnit } from './offsets.ts';
import type { TruncationStrategy } from './sequence.ts';

/** Where a token stands in its text: start and end, `[0, 0]` for tokens that were added. */
export type Offset = [start: number, end: number];

/** Options of the encoding methods, named as in Hugging Face's `__call__`. null stands for what is not given. */
export interface EncodeOptions {
  /** The second text, or texts, where the arguments do not give it. */
  text_pair?: string | readonly string[] | null;
  /** Default true. */
  add_special_tokens?: boolean | null;
  /** true is 'longest_first'. Default: 'longest_first' where a `max_length` is given and no padding, else none. */
  truncation?: boolean | TruncationStrategy | null;
  /** In tokens, special ones included. Default: `model_max_length`. */
  max_length?: number | null;
  /** true is 'longest', the longest of the batch. Default false. */
  padding?: boolean | 'longest' | 'max_length' | 'do_not_pad' | null;
  /** Rounds the padded length up. */
  pad_to_multiple_of?: number | null;
  /** int32 tensors of shape [batch, length] instead of arrays; tokens and offsets stay arrays. The names that Python uses mean the same as true. */
  return_tensors?: boolean | 'pt' | 'np' | 'tf' | null;
  return_offsets_mapping?: boolean | null;
  /** Offsets count UTF-16 units, as strings are indexed here, code points, as in Python, or bytes of UTF-8. Default 'utf16'. */
  offset_unit?: OffsetUnit | null;
  return_special_tokens_mask?: boolean | null;
  /** Adds what truncation removed. */
  return_overflowing_tokens?: boolean | null;
}

/** {@link EncodeOptions} as they are once proved. */
export type EncodeSettings = { [Name in keyof EncodeOptions]?: Exclude<EncodeOptions[Name], null> };

/** Options that ask for tensors. */
export type AsTensors = EncodeOptions & { return_tensors: true | 'pt' | 'np' | 'tf' };
/** Options that do not. */
export type AsArrays = EncodeOptions & { return_tensors?: false | null };

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

const COUNT = kind<number>('a whole number, 0 or more', (value) => Number.isInteger(value) && (value as number) >= 0);
const either = (...values: unknown[]) =>
  kind(['boolean', ...values].join(' or '), (value) => typeof value === 'boolean' || values.includes(value));

/** What each option of encoding may be. */
export const ENCODE_OPTIONS: OptionTable<EncodeOptions> = {
  text_pair: kind('a string or an array of strings', (value) => typeof value === 'string' || Array.isArray(value)),
  add_special_tokens: FLAG,
  truncation: either('longest_first', 'only_first', 'only_second', 'do_not_truncate'),
  max_length: COUNT,
  padding: either('longest', 'max_length', 'do_not_pad'),
  pad_to_multiple_of: COUNT,
  return_tensors: either('pt', 'np', 'tf'),
  return_offsets_mapping: FLAG,
  offset_unit: oneOf<OffsetUnit>(['utf16', 'codepoint', 'byte']),
  return_special_tokens_mask: FLAG,
  return_overflowing_tokens: FLAG,
};

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
