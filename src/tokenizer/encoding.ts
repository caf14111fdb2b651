import { TraceletError } from '../base/error.ts';
import type { OptionTable } from '../base/options.ts';
import { FLAG, kind, oneOf } from '../base/schema.ts';
import { tensor } from '../tensor/creation.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Alignment, aligned } from './alignment.ts';
import type { Offset, OffsetUnit } from './offsets.ts';
import type { Row } from './row.ts';
import type { TruncationStrategy } from './truncation.ts';

/** Options of the encoding methods, named as in Hugging Face's `__call__`. null stands for what is not given. */
export interface EncodeOptions {
  /** The second text, or texts, where the arguments do not give it. */
  text_pair?: string | readonly string[] | readonly (readonly string[])[] | null;
  /** Default true. */
  add_special_tokens?: boolean | null;
  /** true is 'longest_first'. Default: 'longest_first' where a `max_length` is given and no padding, else none. */
  truncation?: boolean | TruncationStrategy | null;
  /** In tokens, special ones included. Default: `model_max_length`. */
  max_length?: number | null;
  /** How many tokens of a text each row of `return_overflowing_tokens` repeats of the row before. Default 0. */
  stride?: number | null;
  /** Whether a text is a list of words: words are numbered as given, and offsets are those in their words. Default false. */
  is_split_into_words?: boolean | null;
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
  /** What truncation removes is answered in rows of its own, and the answer is a batch, of one text too. */
  return_overflowing_tokens?: boolean | null;
}

/** {@link EncodeOptions} as they are once proved. */
export type EncodeSettings = { [Name in keyof EncodeOptions]?: Exclude<EncodeOptions[Name], null> };

/** Options that ask for tensors. */
export type AsTensors = EncodeOptions & { return_tensors: true | 'pt' | 'np' | 'tf' };
/** Options that ask for rows of what truncation removes. */
export type AsRows = EncodeOptions & { return_tensors?: false | null; return_overflowing_tokens: true };
/** Options that ask for neither. */
export type AsArrays = EncodeOptions & { return_tensors?: false | null; return_overflowing_tokens?: false | null };

/** What an answer has of one row. */
interface Columns {
  input_ids: number[];
  /** 0 for the first text, 1 for the second. */
  token_type_ids: number[];
  /** 0 for padding. */
  attention_mask: number[];
  tokens: string[];
  /** 1 for tokens that were added. */
  special_tokens_mask?: number[];
  offset_mapping?: Offset[];
  /** Ids of its texts that a row has not, of the first text, then of the second. Inherited, as the methods are. */
  readonly overflowing_tokens: number[];
  /** How many those are. */
  readonly num_truncated_tokens: number;
}

/** One encoded text or pair, as Hugging Face's `BatchEncoding`. A copy has the columns, and none of the methods, which are inherited. */
export interface Encoding extends Columns, Alignment {}

/** Encoded texts, a row each, or as many as hold all of it. */
export type BatchEncoding = { [Key in keyof Columns]: NonNullable<Columns[Key]>[] } & Alignment & {
    /** Which text each row is of, where there may be several. */
    overflow_to_sample_mapping?: number[];
  };

/** Rows that hold all of each text. */
export type OverflowingEncoding = BatchEncoding & { overflow_to_sample_mapping: number[] };

const INTEGERS = ['input_ids', 'token_type_ids', 'attention_mask', 'special_tokens_mask', 'overflow_to_sample_mapping'] as const;
type TensorKey = (typeof INTEGERS)[number];

/** Encoded texts as int32 tensors of shape [batch, length]. */
export type TensorEncoding = Omit<BatchEncoding, TensorKey> & { [Key in keyof Pick<BatchEncoding, TensorKey>]: Tensor };

const COUNT = kind<number>('a whole number, 0 or more', (value) => Number.isInteger(value) && (value as number) >= 0);
const either = (...values: unknown[]) =>
  kind(['boolean', ...values].join(' or '), (value) => typeof value === 'boolean' || values.includes(value));

/** What each option of encoding may be. */
export const ENCODE_OPTIONS: OptionTable<EncodeOptions> = {
  text_pair: kind('a string or an array of strings', (value) => typeof value === 'string' || Array.isArray(value)),
  add_special_tokens: FLAG,
  truncation: either('longest_first', 'only_first', 'only_second', 'do_not_truncate'),
  max_length: COUNT,
  stride: COUNT,
  is_split_into_words: FLAG,
  padding: either('longest', 'max_length', 'do_not_pad'),
  pad_to_multiple_of: COUNT,
  return_tensors: either('pt', 'np', 'tf'),
  return_offsets_mapping: FLAG,
  offset_unit: oneOf<OffsetUnit>(['utf16', 'codepoint', 'byte']),
  return_special_tokens_mask: FLAG,
  return_overflowing_tokens: FLAG,
};

type RowColumn = Exclude<keyof Columns, 'overflowing_tokens' | 'num_truncated_tokens'>;

/** The columns that are asked for. */
function columnsOf<T>(options: EncodeSettings, read: (name: RowColumn) => T): { [Name in RowColumn]?: T } {
  const columns: { [Name in RowColumn]?: T } = {
    input_ids: read('input_ids'),
    token_type_ids: read('token_type_ids'),
    attention_mask: read('attention_mask'),
    tokens: read('tokens'),
  };
  if (options.return_special_tokens_mask) columns.special_tokens_mask = read('special_tokens_mask');
  if (options.return_offsets_mapping) columns.offset_mapping = read('offset_mapping');
  return columns;
}

/** A row by itself. */
export function single(row: Row, options: EncodeSettings): Encoding {
  return aligned(
    columnsOf(options, (name) => row[name]),
    [row],
    true,
  );
}

/** The rows column by column. */
export function stacked(rows: readonly Row[], options: EncodeSettings): BatchEncoding {
  return aligned(stackedColumns(rows, options), rows, false);
}

/** The rows column by column, whole numbers in tensors. Throws a `shape` error for rows of several lengths. */
export function tensors(rows: readonly Row[], options: EncodeSettings): TensorEncoding {
  const lengths = new Set(rows.map(({ length }) => length));
  if (lengths.size > 1)
    throw new TraceletError('shape', {
      what: 'return_tensors',
      expected: 'rows of one length',
      got: `lengths ${[...lengths].slice(0, 8).join(', ')}`,
      cure: 'Pass padding: true, and truncation: true where texts may be too long',
    });
  const arrays = stackedColumns(rows, options);
  const int32 = INTEGERS.flatMap((name) => (arrays[name] ? [[name, tensor(arrays[name] as number[], { dtype: 'int32' })] as const] : []));
  return aligned({ ...arrays, ...Object.fromEntries(int32) }, rows, false);
}

function stackedColumns(rows: readonly Row[], options: EncodeSettings): { [Name in TensorKey | RowColumn]?: unknown[] } {
  const columns = columnsOf<unknown[]>(options, (name) => rows.map((row) => row[name]));
  return options.return_overflowing_tokens ? { ...columns, overflow_to_sample_mapping: rows.map(({ sample }) => sample) } : columns;
}
