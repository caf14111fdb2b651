import { TraceletError } from '../base/error.ts';
import type { ReadableStream } from '../base/globals.ts';
import { describe } from '../base/json.ts';
import { isBytes, isDetached, isPromise, messageOf } from '../base/realm.ts';
import { whenAborted } from '../base/signal.ts';
import { filling } from '../platform/pieces.ts';
import type { ByteSource } from '../platform/platform.ts';

const CHUNK = 1 << 18;
const BYTES = 'Of texts, pipeThrough(new TextEncoderStream()) makes one';

/** That `source` is none of what was expected. */
export const noSource = (source: unknown, expected: string, cure?: string): TraceletError =>
  new TraceletError('source', { what: 'source', expected, got: describe(source), cure: isPromise(source) ? 'Await it first' : cure });

/** What is in memory, as bytes. Throws a `source` error where it was moved to another thread. */
export function bytesOf(source: Uint8Array | ArrayBuffer): Uint8Array {
  if (isDetached(isBytes(source) ? source.buffer : source))
    throw new TraceletError('source', { what: 'source', expected: 'bytes', got: 'a detached buffer', cure: 'Transfer a copy of it' });
  return isBytes(source) ? source : new Uint8Array(source);
}

/** Bytes in memory, as a source. */
export function fromBytes(bytes: Uint8Array): ByteSource {
  let at = 0;
  return {
    name: `${bytes.length} bytes`,
    size: bytes.length,
    read: async (target) => {
      const piece = bytes.subarray(at, at + target.length);
      target.set(piece);
      at += piece.length;
      return piece.length;
    },
    close: async () => {},
  };
}

/** The body of a response, as a source called `name`. */
export function fromResponse(response: Response, name: string = response.url || 'response', signal?: AbortSignal): ByteSource {
  if (!response.ok || !response.body) {
    void response.body?.cancel().catch(() => {});
    throw new TraceletError('source', {
      what: name,
      expected: 'a response with a body',
      got: `status ${response.status} ${response.statusText}`,
    });
  }
  const length = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
  return fromStream(response.body, name, length === null ? undefined : Number(length), signal);
}

interface Pieces {
  /** The next bytes, which are good until the next call. */
  next(): Promise<Uint8Array | undefined>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}

/** The bytes of a stream, read into one buffer over and over where it can do that: pieces of their own would soon outweigh a model. */
function piecesOf(stream: ReadableStream<Uint8Array>): Pieces {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: 'byob' });
  } catch {
    const plain = stream.getReader();
    const next = async () => {
      const { done, value } = await plain.read();
      return done ? undefined : (value ?? (null as unknown as Uint8Array));
    };
    return { next, ...lettingGo(plain) };
  }
  let buffer = new ArrayBuffer(CHUNK);
  const next = async (): Promise<Uint8Array | undefined> => {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (value) buffer = value.buffer;
    return done ? undefined : value;
  };
  return { next, ...lettingGo(reader) };
}

const lettingGo = (reader: ReadableStreamDefaultReader<Uint8Array> | ReadableStreamBYOBReader): Omit<Pieces, 'next'> => ({
  cancel: (reason) => reader.cancel(reason),
  releaseLock: () => reader.releaseLock(),
});

/** A stream, as a source called `name` that closes it; the signal ends a wait for more of it. Those that are `own` fail with errors to be passed on. */
export function fromStream(stream: ReadableStream<Uint8Array>, name: string, size?: number, signal?: AbortSignal, own = false): ByteSource {
  if (stream.locked) throw new TraceletError('source', { what: name, expected: 'a stream not read before', got: 'one in use' });
  const pieces = piecesOf(stream);
  const deaf = whenAborted(signal, () => void pieces.cancel(signal?.reason).catch(() => {}));
  const more = async (): Promise<Uint8Array | undefined> => {
    const piece = await pieces.next().catch((cause) => {
      signal?.throwIfAborted();
      if (own || cause instanceof TraceletError) throw cause;
      throw new TraceletError('source', { what: name, expected: 'a stream read to its end', got: messageOf(cause), cause });
    });
    signal?.throwIfAborted();
    if (piece !== undefined && !isBytes(piece))
      throw new TraceletError('source', { what: name, expected: 'a stream of bytes', got: `one of ${describe(piece)}`, cure: BYTES });
    return piece;
  };
  return {
    name,
    size,
    read: filling(more),
    close: async () => {
      deaf();
      await pieces.cancel().catch(() => {});
      pieces.releaseLock();
    },
  };
}
