import { TextDecoder } from '../base/globals.ts';
import { untilAborted } from '../base/signal.ts';
import { Fault, misfitFault } from './fault.ts';
import type { Options } from './options.ts';
import { misfit, type Schema } from './schema.ts';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * The body of a request, which its schema proves. Throws faults for a type other than JSON, which pages of other origins could send unasked, for one
 * that is too large or comes too slowly, for what is not UTF-8 or JSON, and for what does not fit.
 */
export async function bodyOf(request: Request, schema: Schema, options: Options): Promise<unknown> {
  const type = request.headers.get('content-type') ?? '';
  if (!JSON_TYPE.test(type)) throw new Fault('media', 'Expected request with `Content-Type: application/json`');
  const value = parsed(decoded(await bytesOf(request, options)));
  const wrong = misfit(schema, value);
  if (wrong) throw misfitFault(wrong);
  return value;
}

async function bytesOf(request: Request, { payload_limit, body_timeout }: Options): Promise<Uint8Array> {
  const tooLarge = (): Fault => new Fault('large', `The body has more than ${payload_limit} bytes`);
  if (Number(request.headers.get('content-length')) > payload_limit) throw tooLarge();
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  const pieces: Uint8Array[] = [];
  let size = 0;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Fault('late', `The body was not there after ${body_timeout} ms`)), body_timeout);
  const next = () => untilAborted(request.signal, untilAborted(late.signal, reader.read()));
  try {
    for (let piece = await next(); !piece.done; piece = await next()) {
      pieces.push(piece.value);
      size += piece.value.length;
      if (size > payload_limit) throw tooLarge();
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
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
