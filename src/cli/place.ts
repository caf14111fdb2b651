import { TraceletError } from '../error.ts';
import { type Destination, destination, write } from '../platform/writing.ts';
import { note, print } from './output.ts';

const STDOUT = '/dev/stdout';

/** Where a command writes to. */
export interface Place {
  path: string;
  /** Says something of the work: on stdout, unless that is what is written to. */
  say: (line: string) => void;
}

/** The place that an option names, - being stdout. Throws a `source` error where nothing can be written, before any work is done. */
export async function placeFor(output: string): Promise<Place> {
  const path = output === '-' ? STDOUT : output;
  const isStdout = isDescriptor(await destination(path), 1);
  if (isStdout && process.stdout.isTTY)
    throw new TraceletError('source', { what: output, expected: 'a file or pipe', got: 'a terminal', cure: 'Redirect it with > FILE' });
  return { path, say: isStdout ? note : print };
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
