/**
 * Where downloads stay for the next time, by address: the part of the Cache API that is needed, so that `await caches.open(name)` is one, and
 * an object store takes two lines. `put` must not keep anything where the body fails; `match` must find what was put.
 */
export interface ModelCache {
  match(key: string): Promise<Response | undefined>;
  put(key: string, response: Response): Promise<void>;
}

/** The beginning of a download that was interrupted. */
export interface Partial {
  /** The ETag of the whole. */
  readonly etag: string;
  /** Bytes that are there. */
  readonly size: number;
  /** Where the cache has it. */
  readonly id: string;
}

/** A cache that can go on with a download that was interrupted. */
export interface ResumableCache extends ModelCache {
  /** What is there of an interrupted download, which from then on is the caller's alone. */
  partial(key: string): Promise<Partial | undefined>;
  /** Leaves it to the next who asks. */
  release(partial: Partial): Promise<void>;
  /** `response` has status 206 and the rest of the bytes where it goes on behind `partial`. */
  put(key: string, response: Response, partial?: Partial): Promise<void>;
}

/** The header under which caches are given the SHA-256 that a body has to have, as the hub calls it. */
export const HASH_HEADER = 'x-linked-etag';

/** A Response as caches are given it: a body of known size and hash, or the rest of one from byte `begin`. */
export function responseOf({ body, begin, size, etag, sha256 }: Entry): Response {
  const headers = new Headers({ 'content-type': 'application/octet-stream' });
  if (size !== undefined) headers.set('content-length', String(size - begin));
  if (size !== undefined && begin > 0) headers.set('content-range', `bytes ${begin}-${size - 1}/${size}`);
  if (etag !== undefined) headers.set('etag', etag);
  if (sha256 !== undefined) headers.set(HASH_HEADER, `"${sha256}"`);
  return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, { status: begin > 0 ? 206 : 200, headers });
}

/** What is known of bytes that come in. */
export interface Entry {
  /** The bytes from `begin` on, which fail unless all of them come. */
  body: ReadableStream<Uint8Array>;
  begin: number;
  size?: number;
  /** Absent where the server gives none that stands for the very bytes. */
  etag?: string;
  sha256?: string;
}
