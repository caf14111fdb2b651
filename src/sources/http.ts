import { type Problem, TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { messageOf } from '../base/realm.ts';
import { whenAborted } from '../base/signal.ts';
import { HASH_HEADER } from '../platform/cache.ts';
import { fetchUntil } from './abort.ts';
import type { Absence } from './folder.ts';

/** How to ask for a file. */
export interface RequestOptions {
  signal?: AbortSignal;
  /** Sent to the server of the address alone, not to those that it leads to. */
  token?: string;
  /** Whether an ETag of 64 hexadecimal digits is the SHA-256 of the file, as on the hub. */
  hashed?: boolean;
  /** What can be done about a server that refuses. */
  cure?: string;
  /** What to say where the server does not know the model or is not reached, instead of what is said of its answer. */
  unknown?: (problem: Problem) => Problem;
  /** How often a busy server is asked again. */
  waits?: number;
  /** Whether a page of HTML or status 403 means that a file is absent, as it does of servers of pages and of stores of objects. */
  lenient?: boolean;
}

/** An answer, and the SHA-256 that a server on the way to it said the file has. */
export interface Answer {
  response: Response;
  sha256?: string;
  /** Where it means that there is no such file. */
  absence?: Absence;
}

/** Throws a `source` error where there is no fetch, or no other global that it takes to read `url`, as in a page that jsdom imitates. */
export function proveFetch(url: string, ...others: string[]): void {
  const missing = ['fetch', ...others].filter((name) => typeof Reflect.get(globalThis, name) !== 'function');
  if (missing.length === 0) return;
  throw new TraceletError('source', {
    what: url,
    expected: 'a runtime with fetch',
    got: `no ${missing.join(', ')}`,
    cure: 'jsdom has none: hand it the globals of Node in the setup of its environment, or load from a path or bytes',
  });
}

const ACCEPT = 'application/octet-stream, application/json, text/plain';
const REDIRECTS = 20;
const WAITS = 4;
const LONGEST_WAIT_MS = 60_000;
const BUSY = [429, 502, 503, 504];

/** Asks for `url` until there is an answer: follows redirects, waits while the server is busy; the answer is the file, a part of it, or that there is none. Throws `source` errors for all others but 412 and 416 to a part. */
export async function request(url: string, headers: Record<string, string>, options: RequestOptions): Promise<Answer> {
  proveFetch(url);
  for (let turn = 0; ; turn++) {
    const answer = await follow(url, headers, options);
    const { response } = answer;
    if (BUSY.includes(response.status) && turn < (options.waits ?? WAITS)) {
      await response.body?.cancel();
      await pause(delayOf(response, turn, url), options.signal);
      continue;
    }
    const absence = absenceOf(response, options);
    if (absence) return { ...answer, absence };
    const refused = problemOf(url, response, options, 'range' in headers);
    if (!refused) return answer;
    await response.body?.cancel().catch(() => {});
    throw new TraceletError('source', refused);
  }
}

/** Redirects are followed by hand where the runtime shows them: the hub tells the hash of a file in one. */
async function follow(url: string, headers: Record<string, string>, options: RequestOptions): Promise<Answer> {
  const { signal, token, hashed } = options;
  let at = url;
  let sha256: string | undefined;
  for (let redirect: RequestRedirect = 'manual', turn = 0; ; turn++) {
    const own = new URL(at).origin === new URL(url).origin;
    const sent = { accept: ACCEPT, ...headers, ...(own && token && { authorization: `Bearer ${token}` }) };
    const response = await fetchUntil(signal, at, { headers: sent, redirect }).catch((cause) => {
      signal?.throwIfAborted();
      throw unanswered(url, cause, options);
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
    at = addressOf(location, at, url);
  }
}

function addressOf(location: string, at: string, what: string): string {
  try {
    return new URL(location, at).href;
  } catch (cause) {
    throw new TraceletError('source', { what, expected: 'a redirect to an address', got: describe(location), cause });
  }
}

const hashOf = (etag: string | null): string | undefined => /^"?([0-9a-f]{64})"?$/.exec(etag ?? '')?.[1];

function unanswered(url: string, cause: unknown, { unknown = asIs }: RequestOptions): TraceletError {
  const { cause: inner } = cause as Error;
  const got = [messageOf(cause), inner && messageOf(inner)].filter(Boolean).join(': ');
  return new TraceletError('source', unknown({ what: url, expected: 'an answer', got, cure: 'Check the address and the network', cause }));
}

const asIs = (problem: Problem): Problem => problem;

const statusOf = ({ status, statusText, headers }: Response): string =>
  `status ${[status, headers.get('x-error-code') ?? statusText].filter(Boolean).join(' ')}`;

/** What is there of a file that servers say they do not have. */
export const PAGE: Absence = {
  absent: 'a page of HTML',
  cure: 'Check the address: servers answer so in place of files that they lack',
};

const isHtml = ({ headers }: Response): boolean => /^(text\/html|application\/xhtml\+xml)\b/i.test(headers.get('content-type') ?? '');

function absenceOf(response: Response, { lenient, cure }: RequestOptions): Absence | undefined {
  const { status, headers } = response;
  if (status === 404 && ['EntryNotFound', null].includes(headers.get('x-error-code'))) return { absent: 'none' };
  if (status === 410) return { absent: statusOf(response) };
  if (lenient && status === 403) return { absent: statusOf(response), cure };
  return lenient && status === 200 && isHtml(response) ? PAGE : undefined;
}

function problemOf(what: string, response: Response, { cure, unknown = asIs }: RequestOptions, ranged: boolean): Problem | undefined {
  const { status, headers } = response;
  const got = statusOf(response);
  const refused = { what, expected: 'leave to read it', got, cure };
  if (status === 401) return unknown(refused);
  if (status === 403) return refused;
  if (BUSY.includes(status))
    return { what, expected: 'a server with time for it', got: `${got} ${WAITS + 1} times`, cure: 'Try again later' };
  if (status === 404 && headers.get('x-error-code') === 'RepoNotFound') return unknown({ what, expected: 'a model', got, cure });
  if (status === 404) return { what, expected: 'a model', got, cure: 'Check its name and the revision' };
  if (ranged && [412, 416].includes(status)) return undefined;
  if (!response.ok || !response.body) return { what, expected: 'a response with a body', got };
  return isHtml(response) ? { what, expected: 'a file of a model', got: PAGE.absent, cure: PAGE.cure } : undefined;
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
    const timer = setTimeout(() => {
      deaf();
      resolve();
    }, ms);
    const deaf = whenAborted(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
  });
}
