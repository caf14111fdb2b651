import { readFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { TraceletError } from '../error.ts';
import { note } from './output.ts';

/** The text of a file, or of stdin for "-". Throws `source` errors. */
export async function readInput(path: string, signal: AbortSignal): Promise<string> {
  if (path !== '-') return readFile(path, { encoding: 'utf8', signal }).catch((cause) => Promise.reject(unreadable(path, cause)));
  let text = '';
  for await (const piece of openStdin(signal)) text += piece;
  return text;
}

/** The lines of stdin as they come, without empty ones. */
export async function* readLines(signal: AbortSignal): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of openStdin(signal)) {
    const lines = (rest + piece).split(/\r?\n/);
    rest = lines.pop() as string;
    yield* lines.filter((line) => line.trim() !== '');
  }
  if (rest.trim() !== '') yield rest;
}

function openStdin(signal: AbortSignal): AsyncIterable<string> {
  if (process.stdin.isTTY) note('tracelet: reading from the terminal; end with Ctrl-D');
  return addAbortSignal(signal, process.stdin.setEncoding('utf8'));
}

/** The value that `text` holds. Throws a `format` error that names `what`. */
export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TraceletError('format', { what, expected: 'JSON', got: (cause as Error).message, cause });
  }
}

function unreadable(path: string, cause: unknown): TraceletError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new TraceletError('source', { what: path, expected: 'a readable file', got: code ?? message, cause });
}
