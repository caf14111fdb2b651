import { platform } from '#platform';
import { TraceletError } from './error.ts';
import type { ByteSource } from './platform/platform.ts';

/** Where bytes may come from: a path, a URL, bytes, a response or a stream. */
export type Source = string | URL | Uint8Array | ArrayBuffer | Response | ReadableStream<Uint8Array>;

/** Opens any source for reading front to back. Throws `source` errors that name it. */
export async function openSource(source: Source, options: { signal?: AbortSignal } = {}): Promise<ByteSource> {
  if (typeof source === 'string' || source instanceof URL) return openAddress(String(source), options.signal);
  if (source instanceof Uint8Array) return fromBytes(source);
  if (source instanceof ArrayBuffer) return fromBytes(new Uint8Array(source));
  if (source instanceof ReadableStream) return fromStream(source, 'stream');
  if (source instanceof Response) return fromResponse(source);
  throw new TraceletError('source', {
    what: 'source',
    expected: 'a path, a URL, bytes, a Response or a ReadableStream',
    got: String(source),
  });
}

const openAddress = async (address: string, signal: AbortSignal | undefined): Promise<ByteSource> =>
  /^https?:/.test(address) ? fromResponse(await fetchFrom(address, signal)) : platform.open(address);

async function fetchFrom(url: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new TraceletError('source', { what: url, expected: 'an answer', got: String((cause as Error).message), cause });
  }
}

function fromBytes(bytes: Uint8Array): ByteSource {
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

function fromResponse(response: Response): ByteSource {
  const name = response.url || 'response';
  if (!response.ok || !response.body)
    throw new TraceletError('source', {
      what: name,
      expected: 'a response with a body',
      got: `status ${response.status} ${response.statusText}`,
    });
  const length = response.headers.get('content-encoding') ? null : response.headers.get('content-length');
  return fromStream(response.body, name, length === null ? undefined : Number(length));
}

function fromStream(stream: ReadableStream<Uint8Array>, name: string, size?: number): ByteSource {
  if (stream.locked) throw new TraceletError('source', { what: name, expected: 'a stream not read before', got: 'one in use' });
  const reader = stream.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  const more = async (): Promise<boolean> => {
    const { done, value } = await reader.read().catch((cause) => {
      throw new TraceletError('source', { what: name, expected: 'a stream read to its end', got: String((cause as Error).message), cause });
    });
    if (!done) rest = value;
    return !done;
  };
  return {
    name,
    size,
    async read(target) {
      let filled = 0;
      while (filled < target.length) {
        if (rest.length === 0 && !(await more())) break;
        const piece = rest.subarray(0, target.length - filled);
        target.set(piece, filled);
        rest = rest.subarray(piece.length);
        filled += piece.length;
      }
      return filled;
    },
    close: async () => {
      await reader.cancel().catch(() => {});
    },
  };
}
