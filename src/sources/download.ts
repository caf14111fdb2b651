import { TraceletError } from '../base/error.ts';
import { ReadableStream } from '../base/globals.ts';
import { messageOf } from '../base/realm.ts';
import { whenAborted } from '../base/signal.ts';
import type { Entry, Partial } from '../platform/cache.ts';
import type { Absence } from './folder.ts';
import { HEAD_BYTES, isPage, refusePointer } from './head.ts';
import { PAGE, pause, type RequestOptions, request } from './http.ts';

const RESUMES = 5;
const RESUME_AFTER_MS = 200;

/** Options of {@link download}. */
export interface DownloadOptions extends RequestOptions {
  /** Bytes that are there already. */
  partial?: Partial;
}

/** A download under way. */
export interface Download extends Entry {
  /** Why `body` failed, once it has. */
  failure?: unknown;
  /** Lets go of the server, whoever has `body`. */
  close(): Promise<void>;
}

/** Told how many bytes have come in, of how many. */
type Report = (loaded: number, total?: number) => void;

/**
 * Begins to fetch a file. A connection that is cut is taken up again where it ended, a few times, as long as
 * the file stays the same. The body fails with a `source` error unless all bytes come.
 */
export async function download(url: string, options: DownloadOptions, begun: () => Report): Promise<Download | Absence> {
  const { partial } = options;
  let answer = await request(url, partial ? rangeFrom(partial.size, partial.etag) : {}, options);
  let begin = partial?.size ?? 0;
  if (partial && !continues(answer.response, begin)) {
    begin = 0;
    if (answer.response.status !== 200 && !answer.absence) {
      await answer.response.body?.cancel();
      answer = await request(url, {}, options);
    }
  }
  const { response, sha256, absence } = answer;
  if (absence) {
    await response.body?.cancel();
    return absence;
  }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const source = begin > 0 ? reader : await begunWith(reader, url, options);
  if ('absent' in source) return source;
  const entry = { begin, size: sizeOf(response), etag: strongTag(response), sha256 } as Download;
  entry.body = steady(url, entry, source, options, begun);
  return entry;
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read' | 'cancel'>;

/** A reader of all that `reader` has, whose beginning was looked at. Throws a `source` error for a pointer of Git LFS. */
async function begunWith(reader: Reader, url: string, { lenient, signal }: DownloadOptions): Promise<Reader | Absence> {
  const pieces: Uint8Array[] = [];
  const deaf = whenAborted(signal, () => void reader.cancel(signal?.reason).catch(() => {}));
  const head = new Uint8Array(HEAD_BYTES);
  let size = 0;
  while (size < HEAD_BYTES) {
    const { value } = await reader.read().catch(() => ({ value: undefined }));
    if (!value) break;
    pieces.push(value);
    const begin = value.subarray(0, HEAD_BYTES - size);
    head.set(begin, size);
    size += begin.length;
  }
  deaf();
  try {
    refusePointer(head.subarray(0, size), url);
  } catch (cause) {
    await reader.cancel().catch(() => {});
    throw cause;
  }
  if (lenient && isPage(head.subarray(0, size))) {
    await reader.cancel().catch(() => {});
    return PAGE;
  }
  const read: Reader['read'] = async () => {
    const value = pieces.shift();
    return value ? { done: false, value } : reader.read();
  };
  return { read, cancel: (reason) => reader.cancel(reason) };
}

const rangeFrom = (begin: number, etag: string): Record<string, string> => ({ range: `bytes=${begin}-`, 'if-range': etag });

const continues = ({ status, headers }: Response, begin: number): boolean =>
  status === 206 && (headers.get('content-range') ?? '').startsWith(`bytes ${begin}-`);

/** Bytes of the whole file, unless they are counted as compressed. */
function sizeOf({ headers }: Response): number | undefined {
  const text = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1] ?? headers.get('content-length');
  return text === null || headers.get('content-encoding') ? undefined : Number(text);
}

function strongTag({ headers }: Response): string | undefined {
  const etag = headers.get('etag');
  return etag?.startsWith('"') && !headers.get('content-encoding') ? etag : undefined;
}

function steady(url: string, entry: Download, first: Reader, options: DownloadOptions, begun: () => Report): ReadableStream<Uint8Array> {
  const { size } = entry;
  const { signal } = options;
  let reader = first;
  let report: Report | undefined;
  const deaf = whenAborted(signal, () => void reader.cancel(signal?.reason).catch(() => {}));
  const cancel = async (reason?: unknown): Promise<void> => {
    deaf();
    await reader.cancel(reason).catch(() => {});
  };
  let at = entry.begin;
  let resumes = 0;
  const next = async (): Promise<Uint8Array | undefined> => {
    for (;;) {
      let reason = '';
      try {
        const { done, value } = await reader.read();
        signal?.throwIfAborted();
        if (!done) return value;
        if (size === undefined || at >= size) return undefined;
      } catch (cause) {
        signal?.throwIfAborted();
        reason = `: ${messageOf(cause)}`;
      }
      if (entry.etag === undefined || size === undefined || resumes === RESUMES) throw cutShort(url, at, size, reason);
      await pause(RESUME_AFTER_MS * resumes++, options.signal);
      try {
        reader = await resumed(url, at, entry.etag, options);
      } catch (cause) {
        if (!unanswered(cause) || resumes === RESUMES) throw cause;
      }
    }
  };
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      report ??= begun();
      const piece = await next();
      at += piece?.length ?? 0;
      if (size !== undefined && at > size) throw cutShort(url, at, size, '');
      if (piece || size === undefined) report(at, piece ? size : at);
      if (piece) return controller.enqueue(piece);
      deaf();
      controller.close();
    } catch (cause) {
      entry.failure = cause;
      await cancel();
      throw cause;
    }
  };
  entry.close = cancel;
  return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
}

/** Whether no server was reached at all, which the next try may be better at. */
const unanswered = (cause: unknown): boolean => cause instanceof TraceletError && cause.cause !== undefined;

async function resumed(url: string, at: number, etag: string, options: DownloadOptions): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const { response } = await request(url, rangeFrom(at, etag), options);
  if (continues(response, at)) return (response.body as ReadableStream<Uint8Array>).getReader();
  await response.body?.cancel();
  const same = response.status === 200 && strongTag(response) === etag;
  throw new TraceletError('source', {
    what: url,
    expected: same ? `its bytes from ${at} on` : `the file with ETag ${etag} that was begun`,
    got: same ? 'all of them: the server gives no ranges' : `another, status ${response.status} with ETag ${response.headers.get('etag')}`,
    cure: 'Load it again',
  });
}

function cutShort(url: string, at: number, size: number | undefined, reason: string): TraceletError {
  const expected = size === undefined ? 'all of its bytes' : `${size} bytes`;
  return new TraceletError('source', { what: url, expected, got: `${at}${reason}`, cure: 'Load it again' });
}
