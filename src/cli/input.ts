import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { TraceletError } from '../base/error.ts';
import { piecesOf } from '../platform/pipes.ts';
import { Source } from '../text/source.ts';
import { note } from './output.ts';

/** What messages call the place that `path` means. */
export const nameOf = (path: string): string => (path === '-' ? 'stdin' : path);

/** The text of a file, or of stdin for "-". Throws `source` errors, and `value` errors for what is not UTF-8. */
export async function readInput(path: string, signal: AbortSignal): Promise<string> {
  let text = '';
  for await (const piece of readText(path, signal)) text += piece;
  return text;
}

/** The lines of a file, or of stdin for "-", as they come; what ends in a line break has no further line behind it. */
export async function* readLines(path: string, signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of readText(path, signal)) {
    rest += piece;
    if (!piece.includes('\n')) continue;
    const lines = rest.split('\n');
    rest = lines.pop() as string;
    yield* lines.map(withoutReturn);
  }
  if (rest !== '') yield withoutReturn(rest);
}

/** Texts as they stand, those of stdin, a line each, in the place of "-". */
export async function* allTexts(texts: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
  for (const text of texts)
    if (text === '-') yield* readLines(text, signal);
    else yield text;
}

/** Texts that are answered together at most. */
const LIST = 64;

/** The same in lists, of which each is handed on when it is full or no further text is at hand. */
export async function* textLists(texts: readonly string[], signal: AbortSignal): AsyncGenerator<string[]> {
  const source = new Source(allTexts(texts, signal), signal);
  try {
    for (let ended = false; !ended; ) {
      const list: string[] = [];
      while (list.length < LIST) {
        const next = await source.next(list.length > 0);
        ended = next?.done === true;
        if (!next || next.done) break;
        list.push(next.value as string);
      }
      if (list.length > 0) yield list;
    }
  } finally {
    await source.close();
  }
}

const withoutReturn = (line: string): string => line.replace(/\r$/, '');

async function* readText(path: string, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const piece of readBytes(path, signal)) yield decoded(() => decoder.decode(piece, { stream: true }), path);
  yield decoded(() => decoder.decode(), path);
}

async function* readBytes(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    if (path === '-') yield* addAbortSignal(signal, openStdin()) as AsyncIterable<Uint8Array>;
    else if (await isOrdinary(path)) yield* addAbortSignal(signal, createReadStream(path)) as AsyncIterable<Uint8Array>;
    else yield* piecesOf(path, signal);
  } catch (cause) {
    signal.throwIfAborted();
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new TraceletError('source', { what: nameOf(path), expected: 'a readable file', got: code ?? message, cause });
  }
}

/** A directory is left to what reads it. */
async function isOrdinary(path: string): Promise<boolean> {
  const entry = await stat(path);
  return entry.isFile() || entry.isDirectory();
}

function openStdin(): Readable {
  if (process.stdin.isTTY) note('tracelet: reading from the terminal; end with Ctrl-D');
  return process.stdin;
}

function decoded(decode: () => string, path: string): string {
  try {
    return decode();
  } catch (cause) {
    throw new TraceletError('value', { what: nameOf(path), expected: 'UTF-8', got: 'other bytes', cure: 'Give it as UTF-8 text', cause });
  }
}
