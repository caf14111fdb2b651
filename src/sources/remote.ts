import { TraceletError } from '../error.ts';
import type { ByteSource } from '../platform/platform.ts';
import { type ModelCache, type ResumableCache, responseOf } from './cache.ts';
import { type Download, download } from './download.ts';
import type { Absence } from './folder.ts';
import { isPage, withoutPointer } from './head.ts';
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
}

/** The file at `url`, from the cache where it is kept there, else through it. */
export async function remoteFile(url: string, options: RemoteOptions): Promise<ByteSource | Absence> {
  const { cache, signal, name, file, progress_callback } = options;
  signal?.throwIfAborted();
  if (cache) proveFetch(url, 'Headers', 'Response');
  const kept = await cache?.match(url);
  if (kept) return watched(withoutPointer(fromResponse(kept, url, signal)), progress_callback, name, file);
  if (options.local_files_only) return { absent: 'none' };
  const partial = await (cache as ResumableCache | undefined)?.partial?.(url);
  const begun = () => reporter(progress_callback, name, file);
  const fetched = await download(url, { ...options, partial }, begun);
  if ('absent' in fetched) return fetched;
  if (!cache) return fromStream(fetched.body, url, fetched.size, signal);
  try {
    await (cache as ResumableCache).put(url, responseOf(fetched), partial);
  } catch (cause) {
    throwUnlessCache(fetched, cause, signal);
  }
  const stored = await cache.match(url);
  if (stored) return fromResponse(stored, url, signal);
  if (!fetched.body.locked) await fetched.body.cancel();
  const again = await download(url, options, begun);
  return 'absent' in again ? again : fromStream(again.body, url, again.size, signal);
}

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
    const reader = response.body?.getReader();
    const head = absence ? undefined : (await reader?.read())?.value;
    await reader?.cancel();
    return absence === undefined && !(options.lenient && head && isPage(head));
  } catch {
    options.signal?.throwIfAborted();
    return false;
  }
}

/** A cache that cannot keep something is no reason not to load it; bytes that are not what they should be are. */
function throwUnlessCache(fetched: Download, cause: unknown, signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
  if (fetched.failure !== undefined) throw fetched.failure;
  if (cause instanceof TraceletError) throw cause;
}
