import { TraceletError } from '../base/error.ts';
import { messageOf } from '../base/realm.ts';
import { type OnWarn, warn } from '../base/warn.ts';
import { type ModelCache, type ResumableCache, responseOf } from '../platform/cache.ts';
import type { ByteSource } from '../platform/platform.ts';
import { type Download, download } from './download.ts';
import type { Absence } from './folder.ts';
import { HEAD_BYTES, isPage, withoutPointer } from './head.ts';
import { proveFetch, type RequestOptions, request } from './http.ts';
import { type ProgressCallback, reporter, watched } from './progress.ts';
import { fromResponse, fromStream } from './stream.ts';

/** How to come by a file that lies elsewhere. */
export interface RemoteOptions extends RequestOptions {
  /** What progress is told under. */
  name: string;
  file: string;
  cache?: ModelCache;
  local_files_only?: boolean;
  progress_callback?: ProgressCallback;
  onwarn?: OnWarn;
}

/** The file at `url`, from the cache where it is kept there, else through it. */
export async function remoteFile(url: string, options: RemoteOptions): Promise<ByteSource | Absence> {
  const { cache, signal, name, file, progress_callback } = options;
  signal?.throwIfAborted();
  if (cache) proveFetch(url, 'Headers', 'Response');
  const kept = await cache?.match(url);
  if (kept) return watched(withoutPointer(fromResponse(kept, url, signal)), progress_callback, name, file);
  if (options.local_files_only) return { absent: 'none' };
  const begun = () => reporter(progress_callback, name, file);
  const missing = cache && (await keep(url, cache, options, begun));
  if (missing) return missing;
  const stored = await cache?.match(url);
  if (stored) return fromResponse(stored, url, signal);
  const fetched = await download(url, options, begun);
  return 'absent' in fetched ? fetched : fromStream(fetched.body, url, fetched.size, signal, true);
}

/** Downloads a file into a cache, as far as that can keep it. Answers what is there in place of the file, if anything is. */
async function keep(
  url: string,
  cache: ModelCache & Optional<ResumableCache>,
  options: RemoteOptions,
  begun: () => ReturnType<typeof reporter>,
): Promise<Absence | undefined> {
  const partial = await cache.partial?.(url);
  let fetched: Download | Absence | undefined;
  try {
    fetched = await download(url, { ...options, partial }, begun);
  } finally {
    if (partial && (!fetched || 'absent' in fetched)) await cache.release?.(partial);
  }
  if ('absent' in fetched) return fetched;
  try {
    await (cache as ResumableCache).put(url, responseOf(fetched), partial);
  } catch (cause) {
    throwUnlessCache(fetched, cause, options.signal);
    warn(`what was downloaded could not be kept: ${messageOf(cause)}`, options.onwarn);
  } finally {
    await fetched.close();
  }
  return undefined;
}

type Optional<T> = { [Name in keyof T]?: T[Name] };

/** Those of `names` that a server has, of which nothing but that is asked. Nothing is asked where only what is on this machine counts. */
export async function there(
  names: readonly string[],
  at: (name: string) => string,
  options: RequestOptions & { local_files_only?: boolean },
): Promise<string[]> {
  if (options.local_files_only) return [];
  const asked = await Promise.all(names.map((name) => isThere(at(name), options)));
  return names.filter((_, i) => asked[i]);
}

async function isThere(url: string, options: RequestOptions): Promise<boolean> {
  try {
    const { response, absence } = await request(url, {}, { ...options, waits: 0 });
    if (absence) await response.body?.cancel();
    const head = absence ? undefined : await headOf(fromResponse(response, url, options.signal));
    return head !== undefined && !(options.lenient && isPage(head));
  } catch {
    options.signal?.throwIfAborted();
    return false;
  }
}

/** The first bytes of a source, which is closed. */
async function headOf(source: ByteSource): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD_BYTES);
  try {
    return head.subarray(0, await source.read(head));
  } finally {
    await source.close();
  }
}

/** A cache that cannot keep something is no reason not to load it; bytes that are not what they should be are. */
function throwUnlessCache(fetched: Download, cause: unknown, signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
  if ('failure' in fetched) throw fetched.failure;
  if (cause instanceof TraceletError) throw cause;
}
