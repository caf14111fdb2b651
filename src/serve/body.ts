import { TextDecoder } from '../base/globals.ts';
import { whenAborted } from '../base/signal.ts';
import { Fault, misfitFault } from './fault.ts';
import type { Options } from './options.ts';
import type { Route } from './route.ts';
import { misfit } from './schema.ts';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;
const PLAIN = 'identity';

/**
 * The body of a request, which its route proves. Throws faults for a type other than JSON, which pages of other origins could send unasked but for their
 * origin that they name, for what is compressed, too large, too slow, not UTF-8 or JSON, and for what does not fit.
 */
export async function bodyOf(request: Request, incoming: Incoming | undefined, route: Route, options: Options): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  const isTaken = JSON_TYPE.test(type) || (route.anyType && !request.headers.has('origin'));
  if (!isTaken) throw new Fault('media', 'Expected request with `Content-Type: application/json`');
  const coding = request.headers.get('content-encoding')?.trim() || PLAIN;
  if (coding.toLowerCase() !== PLAIN)
    throw new Fault('media', `Expected a body as it is, got one with \`Content-Encoding: ${coding.slice(0, 40)}\``, {
      headers: { 'accept-encoding': PLAIN },
    });
  const value = parsed(decoded(await bytesOf(request, incoming, options)));
  const wrong = misfit(route.body ?? {}, value);
  if (wrong) throw misfitFault(wrong);
  return value;
}

/** Where Node has the body of a request. */
export interface Incoming {
  readonly readableEnded: boolean;
  on(event: 'data', listener: Take): this;
  on(event: 'end' | 'error' | 'close', listener: () => void): this;
  off(event: 'data', listener: Take): this;
  resume(): this;
}

type Take = (piece: Uint8Array) => void;

/** Pieces of a body that are handed on as they come. */
interface Coming {
  /** Rejects where the connection ends before the last. */
  readonly whole: Promise<void>;
  /** Takes no more of them. */
  cancel(): void;
}

/** The bytes of a request; Firefox has none as a stream. */
const streamOf = async (request: Request): Promise<Request['body']> =>
  request.body === undefined ? new Response(await request.arrayBuffer()).body : request.body;

function ofStream(stream: Request['body'], take: Take): Coming {
  const reader = stream?.getReader();
  const drain = async (): Promise<void> => {
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) take(piece.value);
  };
  return { whole: drain(), cancel: () => void reader?.cancel().catch(() => {}) };
}

function ofIncoming(incoming: Incoming, take: Take): Coming {
  const whole = new Promise<void>((resolve, reject) => {
    const gone = (): void => {
      if (!incoming.readableEnded) reject(new Fault('gone', 'The client has left'));
    };
    incoming.on('data', take).on('end', resolve).on('error', gone).on('close', gone);
  });
  return { whole, cancel: () => void incoming.off('data', take).resume() };
}

async function bytesOf(request: Request, incoming: Incoming | undefined, { payload_limit, body_timeout }: Options): Promise<Uint8Array> {
  const tooLarge = (): Fault => new Fault('large', `The body has more than ${payload_limit} bytes`);
  if (Number(request.headers.get('content-length')) > payload_limit) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let size = 0;
  let fail: (reason: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const take = (piece: Uint8Array): void => {
    pieces.push(piece);
    size += piece.length;
    if (size > payload_limit) fail(tooLarge());
  };
  const coming = incoming ? ofIncoming(incoming, take) : ofStream(await streamOf(request), take);
  const timer = setTimeout(() => fail(new Fault('late', `The body was not there after ${body_timeout} ms`)), body_timeout);
  const deaf = whenAborted(request.signal, () => fail(request.signal.reason));
  try {
    await Promise.race([coming.whole, failed]);
    return joined(pieces, size);
  } catch (error) {
    coming.cancel();
    throw error;
  } finally {
    clearTimeout(timer);
    deaf();
  }
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Fault('malformed', 'The body is not UTF-8');
  }
}

/** Engines tell of texts that nest too deep in other ways than of wrong ones. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault('malformed', 'Failed to parse the request body as JSON');
  }
}
