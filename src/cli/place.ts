import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative } from 'node:path';
import { TraceletError } from '../base/error.ts';
import { type Destination, destination, write } from '../platform/writing.ts';
import { isWeights } from '../sources/place.ts';
import { note, print } from './output.ts';

const STDOUT = '/dev/stdout';

/** Where a command writes to. */
export interface Place {
  path: string;
  /** Says something of the work: on stdout, unless that is what is written to. */
  say: (line: string) => void;
}

/**
 * The place that an option names, - being stdout. Throws a `source` error where nothing can be written, or where one of the `inputs` would be
 * replaced, before any work is done.
 */
export async function placeFor(output: string, ...inputs: (string | undefined)[]): Promise<Place> {
  const path = output === '-' ? STDOUT : output;
  const to = await destination(path);
  if (to.kind === 'file' && to.old) for (const input of inputs) if (input && input !== '-') await expectOther(output, to, input);
  const isStdout = isDescriptor(to, 1);
  if (isStdout && process.stdout.isTTY)
    throw new TraceletError('source', { what: output, expected: 'a file or pipe', got: 'a terminal', cure: 'Redirect it with > FILE' });
  return { path, say: isStdout ? note : print };
}

/** A folder that is read may have its trace replaced, and nothing else. */
async function expectOther(output: string, { path, old }: Destination & { kind: 'file' }, input: string): Promise<void> {
  const read = await stat(input).catch(() => undefined);
  if (!read) return;
  const isSame = read.ino === old?.ino && read.dev === old.dev;
  const folder = read.isDirectory() ? input : isWeights(input) ? dirname(input) : undefined;
  const isWithin = folder !== undefined && !path.endsWith('.tracelet') && (await isBelow(path, folder));
  if (!isSame && !isWithin) return;
  throw new TraceletError('source', {
    what: output,
    expected: 'a file that the command does not read',
    got: isSame ? input : `one in ${folder}`,
    cure: 'Write to another one, and move it there afterwards',
  });
}

async function isBelow(path: string, folder: string): Promise<boolean> {
  const way = relative(await realpath(folder), await realpath(path));
  return !way.startsWith('..') && !isAbsolute(way);
}

const isDescriptor = (place: Destination, fd: number): boolean => place.kind === 'descriptor' && place.fd === fd;

/** Writes to a place, and answers how many bytes. */
export async function writeTo({ path }: Place, chunks: Iterable<Uint8Array>, signal: AbortSignal): Promise<number> {
  let written = 0;
  function* counted() {
    for (const chunk of chunks) {
      written += chunk.length;
      yield chunk;
    }
  }
  await write(path, counted(), { signal });
  return written;
}
