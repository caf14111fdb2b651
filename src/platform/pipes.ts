import { closeSync, constants, openSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { whenAborted } from '../base/signal.ts';
import { located, unreadable } from './paths.ts';
import { filling } from './pieces.ts';
import type { ByteSource } from './platform.ts';

const { O_RDONLY, O_WRONLY, O_NONBLOCK = 0 } = constants;
const PIECE = 1 << 16;
const PAUSE_MS = 10;

/** A pipe or device as a source. */
export function openPipe(path: string, signal?: AbortSignal): ByteSource {
  const pieces = piecesOf(path, signal);
  const more = async (): Promise<Uint8Array | undefined> => {
    try {
      return (await pieces.next()).value ?? undefined;
    } catch (cause) {
      signal?.throwIfAborted();
      throw unreadable(path, cause);
    }
  };
  return { name: path, read: filling(more), close: async () => void (await pieces.return()) };
}

/** What comes through a pipe or from a device; `signal` ends the waiting for it. */
export async function* piecesOf(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  const at = located(path);
  const held = (await stat(at)).isFIFO() ? await writerOf(at, signal) : undefined;
  const file = await open(at, O_RDONLY | O_NONBLOCK).finally(() => held?.close());
  try {
    for (;;) {
      signal?.throwIfAborted();
      const piece = new Uint8Array(PIECE);
      const read = await file.read(piece, 0, PIECE, null).catch((cause) => (cause.code === 'EAGAIN' ? undefined : Promise.reject(cause)));
      if (read?.bytesRead === 0) return;
      if (read) yield piece.subarray(0, read.bytesRead);
      else await setTimeout(PAUSE_MS);
    }
  } finally {
    await file.close();
  }
}

/** Waits until somebody writes to a pipe: without blocking, one that nobody writes to yet looks like one that has ended. */
async function writerOf(path: string | URL, signal: AbortSignal | undefined): Promise<FileHandle> {
  let waits = true;
  const opened = open(path, 'r').finally(() => {
    waits = false;
  });
  let deaf = (): void => {};
  const stuck = new Promise<undefined>((resolve) => {
    deaf = whenAborted(signal, async () => {
      while (waits && poke(path)) await setTimeout(PAUSE_MS);
      if (waits) resolve(undefined);
    });
  });
  const file = await Promise.race([opened, stuck]).finally(deaf);
  if (file && !signal?.aborted) return file;
  if (file) await file.close();
  else opened.then((late) => late.close()).catch(() => {});
  throw signal?.reason;
}

/** Wakes the thread that waits in the opening of a pipe, by a writer that goes at once. Answers whether there may be one. */
function poke(path: string | URL): boolean {
  try {
    closeSync(openSync(path, O_WRONLY | O_NONBLOCK));
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENXIO';
  }
}
