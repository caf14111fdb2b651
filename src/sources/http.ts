import { TraceletError } from '../error.ts';
import { messageOf } from '../realm.ts';
import { HASH_HEADER } from './cache.ts';

/** How to ask for a file. */
export interface RequestOptions {
  signal?: AbortSignal;
  /** Sent to the server of the address alone, not to those that it leads to. */
  token?: string;
  /** Whether an ETag of 64 hexadecimal digits is the SHA-256 of the file, as on the hub. */
  hashed?: boolean;
  /** What can be done about a server that refuses. */
  cure?: string;
}

/** An answer, and the SHA-256 that a server on the way to it said the file has. */
export interface Answer {
  response: Response;
  sha256?: string;
}

const ACCEPT = 'application/octet-stream, application/json, text/plain';
const REDIRECTS = 20;
const WAITS = 4;
const LONGEST_WAIT_MS = 60_000;
const BUSY = [429, 502, 503, 504];

/** Asks for `url` until there is an answer: follows redirects, waits while the server is busy. Throws `source` errors for all but 200, 206, 404, 412 and 416. */
export async function request(url: string, headers: Record<string, string>, options: RequestOptions): Promise<Answer> {
  for (let turn = 0; ; turn++) {
    const answer = await follow(url, headers, options);
    const { response } = answer;
    if (BUSY.includes(response.status) && turn < WAITS) {
      await response.body?.cancel();
      await pause(delayOf(response, turn, url), options.signal);
      continue;
    }
    const refused = problemOf(response, options);
    if (!refused) return answer;
    await response.body?.cancel().catch(() => {});
    throw new TraceletError('source', { what: url, ...refused });
  }
}

/** Redirects are followed by hand where the runtime shows them: the hub tells the hash of a file in one. */
async function follow(url: string, headers: Record<string, string>, { signal, token, hashed }: RequestOptions): Promise<Answer> {
  let at = url;
  let sha256: string | undefined;
  for (let redirect: RequestRedirect = 'manual', turn = 0; ; turn++) {
    const own = new URL(at).origin === new URL(url).origin;
    const sent = { accept: ACCEPT, ...headers, ...(own && token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(at, { headers: sent, redirect, signal }).catch((cause) => {
      signal?.throwIfAborted();
      throw unanswered(url, cause);
    });
    if (hashed) sha256 ??= hashOf(response.headers.get(HASH_HEADER) ?? (own ? response.headers.get('etag') : null));
    if (response.type === 'opaqueredirect') {
      redirect = 'follow';
      continue;
    }
    const location = response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return { response, sha256 };
    await response.body?.cancel();
    if (turn === REDIRECTS) throw new TraceletError('source', { what: url, expected: 'a file', got: `more than ${REDIRECTS} redirects` });
    at = new URL(location, at).href;
  }
}

const hashOf = (etag: string | null): string | undefined => /^"?([0-9a-f]{64})"?$/.exec(etag ?? '')?.[1];

function unanswered(url: string, cause: unknown): TraceletError {
  const { cause: inner } = cause as Error;
  const got = [messageOf(cause), inner && messageOf(inner)].filter(Boolean).join(': ');
  return new TraceletError('source', { what: url, expected: 'an answer', got, cure: 'Check the address and the network', cause });
}

function problemOf(response: Response, { cure }: RequestOptions): { expected: string; got: string; cure?: string } | undefined {
  const { status, statusText, headers } = response;
  const code = headers.get('x-error-code');
  const got = `status ${[status, code ?? statusText].filter(Boolean).join(' ')}`;
  if (status === 401 || status === 403) return { expected: 'leave to read it', got, cure };
  if (BUSY.includes(status)) return { expected: 'a server with time for it', got: `${got} ${WAITS + 1} times`, cure: 'Try again later' };
  if (status === 404 && code && code !== 'EntryNotFound') return { expected: 'a model', got, cure: 'Check its name and the revision' };
  if ([404, 412, 416].includes(status)) return undefined;
  if (!response.ok || !response.body) return { expected: 'a response with a body', got };
  if (/^text\/html\b/i.test(headers.get('content-type') ?? ''))
    return {
      expected: 'a file of a model',
      got: 'a page of HTML',
      cure: 'Check the address: servers answer so in place of files that they lack',
    };
  return undefined;
}

function delayOf({ headers, status }: Response, turn: number, url: string): number {
  const after = headers.get('retry-after');
  if (after === null) return 500 * 2 ** turn;
  const delay = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - Date.now();
  if (delay <= LONGEST_WAIT_MS) return Math.max(0, delay);
  throw new TraceletError('source', {
    what: url,
    expected: `a wait of at most ${LONGEST_WAIT_MS / 1000} seconds`,
    got: `status ${status} with Retry-After: ${after}`,
    cure: 'Try again then',
  });
}

/** Waits, unless the signal is aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
