import { constants, type Stats, write as writeDescriptor } from 'node:fs';
import { access, chmod, chown, lstat, open, readlink, rename, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TraceletError } from '../base/error.ts';
import { isFolder, makeFolders } from './folders.ts';
import { ownPart, removeAbandoned } from './partfiles.ts';

/** Where writing to a path leads once links are followed. */
export type Destination =
  /** A file, replaced at once; `old` is what is there. */
  | { kind: 'file'; path: string; old: Stats | undefined }
  /** A pipe or device, which is written where it is. */
  | { kind: 'stream'; path: string; fifo: boolean }
  /** What this process has open already, such as /dev/stdout. */
  | { kind: 'descriptor'; fd: number };

const MOST_LINKS = 40;
const DESCRIPTOR = new RegExp(`^/(?:dev|proc/self|proc/${process.pid})/fd/(\\d+)$`);

/** Where writing to `path` leads. Throws `source` errors where nothing can be written. */
export async function destination(path: string): Promise<Destination> {
  try {
    return await follow(path);
  } catch (cause) {
    throw cause instanceof TraceletError ? cause : unwritable(path, cause);
  }
}

async function follow(path: string): Promise<Destination> {
  let at = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    const descriptor = DESCRIPTOR.exec(at);
    if (descriptor) return { kind: 'descriptor', fd: Number(descriptor[1]) };
    const entry = await lstat(at).catch((cause) => (cause.code === 'ENOENT' ? undefined : Promise.reject(cause)));
    if (!entry?.isSymbolicLink()) return end(path, at, entry);
    if (at.startsWith('/proc/')) return { kind: 'stream', path: at, fifo: (await stat(at)).isFIFO() };
    const target = await readlink(at);
    at = isAbsolute(target) ? target : `${dirname(at)}/${target}`;
  }
  throw refused(path, 'a file to write', 'links that lead in a circle');
}

async function end(path: string, at: string, entry: Stats | undefined): Promise<Destination> {
  if (entry?.isDirectory()) throw refused(path, 'a file to write', 'a directory');
  if (entry?.isFIFO() || entry?.isCharacterDevice()) return { kind: 'stream', path: at, fifo: entry.isFIFO() };
  if (entry && !entry.isFile()) throw refused(path, 'a file, a pipe or a character device', entry.isSocket() ? 'a socket' : 'a disk');
  if (entry) await access(at, constants.W_OK);
  else await expectDirectory(path, at);
  return { kind: 'file', path: at, old: entry };
}

async function expectDirectory(path: string, at: string): Promise<void> {
  if (/[/\\]$/.test(at)) throw refused(path, 'the name of a file', 'that of a directory');
  if (path === '') throw refused('the path', 'the name of a file', 'an empty one');
  const folder = dirname(at);
  if (!(await isFolder(folder))) throw refused(path, 'a file in a directory that exists', `none called ${folder}`);
}

/** Makes a directory and those that it lies in. Throws `source` errors. */
export async function makeFolder(path: string): Promise<void> {
  await makeFolders(path).catch((cause) => Promise.reject(unwritable(path, cause)));
}

/** Writes a file whole or not at all, and a pipe or device where it is. Throws `source` errors, and what `chunks` throw; ends with the signal's reason. */
export async function write(path: string, chunks: Iterable<Uint8Array>, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
  const theirs: unknown[] = [];
  function* watched() {
    try {
      yield* chunks;
    } catch (cause) {
      theirs.push(cause);
      throw cause;
    }
  }
  try {
    const place = await destination(path);
    if (place.kind === 'file') await replace(place, watched(), signal);
    else await pour(place, watched(), signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof TraceletError || theirs.includes(cause) ? cause : unwritable(path, cause);
  }
}

const PARTS = /^\d+[-_][\da-z_]+\.part$/;

async function replace({ path, old }: Destination & { kind: 'file' }, chunks: Iterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  await removeAbandoned(`${path}.`, PARTS);
  const part = `${path}.${ownPart()}`;
  try {
    const file = await open(part, 'wx', old ? old.mode & 0o777 : undefined);
    try {
      for (const chunk of chunks) {
        signal?.throwIfAborted();
        await file.writeFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    signal?.throwIfAborted();
    if (old) await likeBefore(part, old);
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true });
    throw cause;
  }
}

/** Gives a file the owner, as far as this user may, and the permissions of the one that it replaces. */
async function likeBefore(part: string, { uid, gid, mode }: Stats): Promise<void> {
  await chown(part, uid, gid).catch(() => {});
  await chmod(part, mode & 0o777);
}

const PAUSE_MS = 20;

async function pour(place: Exclude<Destination, { kind: 'file' }>, chunks: Iterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  const { put, close } = await opened(place, signal);
  try {
    for (const chunk of chunks)
      for (let at = 0; at < chunk.length; ) {
        signal?.throwIfAborted();
        const count = await unless('EAGAIN', put(chunk, at));
        if (count === undefined) await setTimeout(1, undefined, { signal });
        else at += count;
      }
  } finally {
    await close();
  }
}

interface Opened {
  /** Writes a part of `chunk` from `at` on, and answers how much. */
  put(chunk: Uint8Array, at: number): Promise<number>;
  close(): Promise<void>;
}

/** Never blocks a thread of the pool, so that a signal ends the waiting for a reader. */
async function opened(place: Exclude<Destination, { kind: 'file' }>, signal?: AbortSignal): Promise<Opened> {
  if (place.kind === 'descriptor') {
    const put = promisify(writeDescriptor);
    return { put: async (chunk, at) => (await put(place.fd, chunk, at)).bytesWritten, close: async () => {} };
  }
  for (;;) {
    const file = await unless(place.fifo ? 'ENXIO' : '', open(place.path, constants.O_WRONLY | (constants.O_NONBLOCK ?? 0)));
    if (file) return { put: async (chunk, at) => (await file.write(chunk, at)).bytesWritten, close: () => file.close() };
    await setTimeout(PAUSE_MS, undefined, { signal });
  }
}

const unless = <T>(code: string, work: Promise<T>): Promise<T | undefined> =>
  work.catch((cause) => (cause.code === code ? undefined : Promise.reject(cause)));

const refused = (what: string, expected: string, got: string): TraceletError => new TraceletError('source', { what, expected, got });

const unwritable = (what: string, cause: unknown): TraceletError =>
  new TraceletError('source', { what, expected: 'a file that can be written', got: String((cause as Error).message), cause });
