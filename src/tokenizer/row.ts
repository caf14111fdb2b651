import type { Encoding, Offset } from './encoding.ts';
import type { Sequence, Side } from './sequence.ts';

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

/** Appends a text; `offsetOf` gives the offsets of one of its tokens. */
export function addSequence(row: Row, sequence: Sequence, type: number, offsetOf: (index: number) => Offset): void {
  for (let i = 0; i < sequence.ids.length; i++) {
    row.input_ids.push(sequence.ids[i]);
    row.token_type_ids.push(type);
    row.attention_mask.push(1);
    row.tokens.push(sequence.tokens[i]);
    row.special_tokens_mask.push(0);
    row.offset_mapping.push(offsetOf(i));
  }
}

export function padRow(row: Row, length: number, { id, token }: Filler, side: Side): void {
  const count = length - row.input_ids.length;
  const extend = <T>(column: T[], value: (index: number) => T): void => {
    const filling = Array.from({ length: count }, (_, index) => value(index));
    const padded = side === 'right' ? column.concat(filling) : filling.concat(column);
    for (const [at, one] of padded.entries()) column[at] = one;
  };
  extend(row.input_ids, () => id);
  extend(row.token_type_ids, () => 0);
  extend(row.attention_mask, () => 0);
  extend(row.tokens, () => token);
  extend(row.special_tokens_mask, () => 1);
  extend(row.offset_mapping, () => [0, 0]);
}
