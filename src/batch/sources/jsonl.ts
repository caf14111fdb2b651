import { TraceletError } from '../../base/error.ts';
import { TextDecoder } from '../../base/globals.ts';
import { describe, isObject, readJson } from '../../base/json.ts';
import { checkOptions } from '../../base/options.ts';
import type { ByteSource } from '../../platform/platform.ts';
import { openSource, type Source } from '../../sources/source.ts';
import type { BatchRecord } from '../record.ts';
import { FIELDS, type Fields, recordOf } from './fields.ts';

const PIECE = 1 << 18;
/** No line has more bytes. */
const MOST = 1 << 24;
const LINE_FEED = 10;

/**
 * The texts of a file that holds a line of JSON for each: `{"text": "A man eats.", "id": 7}`, or the text alone as a string. Blank lines are passed over.
 * Reads as it is asked for more. Throws `source` errors, and `format` and `value` errors that tell the line.
 */
export async function* jsonl(source: Source, options?: Fields): AsyncGenerator<BatchRecord> {
  const fields = checkOptions('jsonl()', options, FIELDS);
  const bytes = await openSource(source, 'texts.jsonl', { signal: fields.signal });
  try {
    let number = 0;
    const nextLine = (): string => `${bytes.name}, line ${number + 1}`;
    for await (const line of linesOf(bytes, nextLine, fields.signal)) {
      const what = nextLine();
      number++;
      const text = decoded(line, what);
      if (text.trim() !== '') yield lineOf(text, fields, what);
    }
  } finally {
    await bytes.close();
  }
}

function lineOf(line: string, fields: Fields, what: string): BatchRecord {
  const value = readJson(line, what);
  if (typeof value === 'string') return { text: value };
  if (isObject(value)) return recordOf(value, fields, what);
  throw new TraceletError('format', { what, expected: 'an object with a text, or a string', got: describe(value) });
}

/** Lines without what ends them; behind the last one there is no further. */
async function* linesOf(bytes: ByteSource, nextLine: () => string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(PIECE);
  let rest: Uint8Array[] = [];
  let held = 0;
  for (;;) {
    signal?.throwIfAborted();
    const piece = buffer.subarray(0, await bytes.read(buffer));
    if (piece.length === 0) break;
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...rest, piece.subarray(start, end)]);
      [rest, held, start] = [[], 0, end + 1];
    }
    rest.push(piece.slice(start));
    held += piece.length - start;
    if (held > MOST) throw new TraceletError('format', { what: nextLine(), expected: `at most ${MOST} bytes`, got: 'more' });
  }
  if (held > 0) yield Buffer.concat(rest);
}

function decoded(line: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch (cause) {
    throw new TraceletError('value', { what, expected: 'UTF-8', got: 'other bytes', cause });
  }
}
