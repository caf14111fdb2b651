import { TextEncoder } from '../../base/globals.ts';
import type { FileFormat } from './format.ts';
import type { BatchRow } from './sink.ts';

/** As many as tell all numbers of float32 apart. */
const DIGITS = 9;

const lineOf = (row: BatchRow): string =>
  JSON.stringify('error' in row ? row : { id: row.id, embedding: Array.from(row.embedding, (value) => Number(value.toPrecision(DIGITS))) });

/** A line of JSON a text: `{"id", "embedding"}`, or `{"id", "error": {"code", "message"}}`. */
export const ndjson: FileFormat = {
  extension: 'ndjson',
  encode: async (rows) => new TextEncoder().encode(rows.map((row) => `${lineOf(row)}\n`).join('')),
};
