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
  encode: async (rows) => piecesOf(rows),
};

/** About as many characters are encoded at once: no string is as long as a large file. */
const PIECE = 1 << 20;

function* piecesOf(rows: readonly BatchRow[]): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  let lines = '';
  for (const row of rows) {
    lines += `${lineOf(row)}\n`;
    if (lines.length < PIECE) continue;
    yield encoder.encode(lines);
    lines = '';
  }
  if (lines) yield encoder.encode(lines);
}
