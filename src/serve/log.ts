/** What is told of a request once it is answered. */
export interface LogLine {
  /** ISO 8601. */
  time: string;
  level: 'info' | 'warn' | 'error';
  request_id: string;
  /** Of W3C Trace Context, where the request brought one. */
  trace_id?: string;
  span_id?: string;
  method: string;
  path: string;
  status: number;
  /** Milliseconds. */
  total_time: number;
  queue_time?: number;
  inference_time?: number;
  texts?: number;
  tokens?: number;
  /** How many texts lost tokens. */
  truncated?: number;
  /** What went wrong, for those who run the server: it may hold what answers never do. */
  error?: string;
}

export const levelOf = (status: number): LogLine['level'] => (status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info');

const SOUND_ID = /^[\w.:/+=-]{1,128}$/;

/** The id of a request: that which it brought, or another. */
export const requestIdOf = (headers: Headers): string => {
  const given = headers.get('x-request-id');
  return given && SOUND_ID.test(given) ? given : crypto.randomUUID();
};

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NONE = /^0+$/;

/** Where a request stands in a trace of W3C Trace Context. */
export interface Span {
  trace_id: string;
  span_id: string;
  /** What is passed on. */
  traceparent: string;
}

/** A span of the trace that a request is part of; undefined where it says nothing, or nothing sound. */
export function spanOf(headers: Headers): Span | undefined {
  const [, trace_id, parent, flags] = TRACEPARENT.exec(headers.get('traceparent') ?? '') ?? [];
  if (trace_id === undefined || NONE.test(trace_id) || NONE.test(parent)) return undefined;
  const span_id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { trace_id, span_id, traceparent: `00-${trace_id}-${span_id}-${flags}` };
}
