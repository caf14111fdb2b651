import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { TraceletError } from '../base/error.ts';
import { ReadableStream } from '../base/globals.ts';
import { HASH_HEADER, type Partial, type ResumableCache } from './cache.ts';
import { makeFolders } from './folders.ts';
import { isAbandoned, ownPart, removeAbandoned } from './partfiles.ts';

/** A part that nothing was written to for so long belongs to nobody. */
const ABANDONED_MS = 60_000;
const CHUNK = 1 << 18;
/** What follows a stem in the name of a part: an ETag or nothing, and the owner. */
const PART = /^[^.]*\.[^.]+\.part$/;

const escaped = (text: string): string => encodeURIComponent(text).replaceAll('*', '%2A');

/** An ETag as a part of a name between dots. */
const tagged = (etag: string): string => escaped(etag).replaceAll('.', '%2E');

/** What follows the path of an address may be a signature or a token: a name has its hash alone. */
const queried = (search: string): string => (search === '' ? '' : `-${createHash('sha256').update(search).digest('hex').slice(0, 16)}`);

/** The folder of an address under `root`, and the name that its files begin with. */
function placeOf(root: string, key: string): { folder: string; stem: string } {
  const { host, pathname, search } = new URL(key);
  const segments = pathname.split('/').filter(Boolean).map(escaped);
  const last = segments.pop() ?? 'index';
  return { folder: join(root, escaped(host), ...segments), stem: `${last}${queried(search)}.` };
}

/** Names in a folder that begin with `stem`; none where there is no folder. */
async function named(folder: string, stem: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(stem)).map((name) => name.slice(stem.length));
}

/**
 * A cache in the directory `root`. An entry is a file whose name ends in its size; it gets that name once all its bytes are there and have the
 * hash that they should. What an interrupted download leaves ends in its ETag, a number of its owner, and `.part`.
 */
export function fileCache(root: string): ResumableCache {
  return {
    async match(key) {
      const { folder, stem } = placeOf(root, key);
      for (const size of (await named(folder, stem)).filter((rest) => /^\d+$/.test(rest))) {
        const path = join(folder, stem + size);
        const entry =
          (await stat(path).catch(() => undefined))?.size === Number(size) && (await entryAt(path, size).catch(() => undefined));
        if (entry) return entry;
        await rm(path).catch(() => {});
      }
      return undefined;
    },

    async partial(key) {
      const { folder, stem } = placeOf(root, key);
      for (const rest of (await named(folder, stem)).filter((name) => PART.test(name) && !name.startsWith('.'))) {
        const claimed = await claim(folder, stem, rest).catch(() => undefined);
        if (claimed) return claimed;
      }
      return undefined;
    },

    release: ({ id }) => release(id, true),

    async put(key, response, partial) {
      const { folder, stem } = placeOf(root, key);
      await makeFolders(folder);
      const etag = tagged(response.headers.get('etag') ?? '');
      const resumed = response.status === 206 && partial !== undefined;
      if (partial && !resumed) await rm(partial.id, { force: true });
      const part = resumed ? partial.id : join(folder, `${stem}${etag}.${ownPart()}`);
      try {
        await write(part, response.body as ReadableStream<Uint8Array>, resumed ? partial.size : 0);
        await finish(part, join(folder, stem), key, response.headers);
      } catch (cause) {
        await release(part, etag !== '');
        throw cause;
      }
      await removeAbandoned(join(folder, stem), PART, ABANDONED_MS);
    },
  };
}

async function entryAt(path: string, size: string): Promise<Response> {
  const file = await open(path);
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const { bytesRead, buffer } = await file.read(new Uint8Array(CHUNK), 0, CHUNK, null);
      if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
    } catch (cause) {
      await file.close();
      throw cause;
    }
    await file.close();
    controller.close();
  };
  const body = new ReadableStream({ pull, cancel: () => file.close() }, { highWaterMark: 0 });
  return new Response(body, { headers: { 'content-length': size } });
}

/** Renaming makes a part the caller's: of several that try, one succeeds. */
async function claim(folder: string, stem: string, rest: string): Promise<Partial | undefined> {
  const [tag] = rest.split('.', 1);
  const from = join(folder, stem + rest);
  const { size } = await stat(from);
  if (size === 0 || !(await isAbandoned(from, ABANDONED_MS))) return undefined;
  const id = join(folder, `${stem}${tag}.${ownPart()}`);
  await rename(from, id);
  await utimes(id, new Date(), new Date());
  return { etag: decodeURIComponent(tag), size, id };
}

async function write(path: string, body: ReadableStream<Uint8Array>, begin: number): Promise<void> {
  const reader = body.getReader();
  try {
    const file = await open(path, begin > 0 ? 'r+' : 'w');
    try {
      for (let at = begin; ; ) {
        const { done, value } = await reader.read();
        if (done) break;
        for (let from = 0; from < value.length; ) {
          const { bytesWritten } = await file.write(value, from, value.length - from, at);
          from += bytesWritten;
          at += bytesWritten;
        }
      }
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    await reader.cancel(cause).catch(() => {});
    throw cause;
  }
}

/** Leaves a part to the next who asks, by a time that is long past; one that nobody could go on with is removed. */
async function release(part: string, resumable: boolean): Promise<void> {
  const size = resumable ? ((await stat(part).catch(() => undefined))?.size ?? 0) : 0;
  await (size > 0 ? utimes(part, 0, 0) : rm(part)).catch(() => {});
}

async function finish(part: string, stem: string, key: string, headers: Headers): Promise<void> {
  const wanted = headers.get(HASH_HEADER)?.replaceAll('"', '');
  const got = wanted && (await hashOf(part));
  if (wanted && got !== wanted) {
    await rm(part);
    throw new TraceletError('integrity', {
      what: key,
      expected: `bytes with SHA-256 ${wanted}`,
      got: `${got}`,
      cure: 'Load it again; if that does not help, what lies between the server and here alters it',
    });
  }
  const { size } = await stat(part);
  await rename(part, stem + size);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
