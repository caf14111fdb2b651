import { openNamed } from '#files';
import { isArrayBuffer, isBlob, isBytes, isResponse, isStream, isUrl } from '../base/realm.ts';
import type { ByteSource } from '../platform/platform.ts';
import { withoutPointer } from './head.ts';
import type { SourceOptions } from './options.ts';
import { watched } from './progress.ts';
import { bytesOf, fromBytes, fromResponse, fromStream, noSource } from './stream.ts';

/** Where a model may come from: a path, an address, a hub id, bytes, a response, a Blob or File, or a stream. */
export type Source = string | URL | Uint8Array | ArrayBuffer | Response | Blob | ReadableStream<Uint8Array>;

const READABLE = 'Of a Readable of Node, Readable.toWeb makes a ReadableStream';

/** Opens any source for reading front to back; of a folder its file `main`. Throws `source` errors that name it. */
export async function openSource(source: Source, main: string, options: SourceOptions = {}): Promise<ByteSource> {
  options.signal?.throwIfAborted();
  if (typeof source !== 'string' && !isUrl(source)) return openGiven(source, options);
  return openNamed(source, main, options);
}

/** Opens what the caller holds already. */
export function openGiven(source: Exclude<Source, string | URL>, { signal, progress_callback }: SourceOptions): ByteSource {
  const bytes = withoutPointer(streamed(source, signal));
  return watched(bytes, progress_callback, bytes.name, bytes.name);
}

function streamed(source: Exclude<Source, string | URL>, signal: AbortSignal | undefined): ByteSource {
  if (isBytes(source) || isArrayBuffer(source)) return fromBytes(bytesOf(source));
  if (isStream(source)) return fromStream(source, 'stream', undefined, signal);
  if (isResponse(source)) return fromResponse(source, undefined, signal);
  if (isBlob(source)) return fromStream(source.stream(), (source as File).name || 'Blob', source.size, signal);
  throw noSource(source, 'a path, a URL, a hub id, bytes, a Response, a Blob or a ReadableStream', READABLE);
}
