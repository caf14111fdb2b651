import { type ErrorCode, TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { messageOf } from '../base/realm.ts';
import type { Misfit } from './schema.ts';

/** What went wrong with a request: its status, and a word for it in each of the dialects. */
export const FAULTS = {
  empty: { status: 400, tei: 'Empty', openai: 'invalid_request_error' },
  malformed: { status: 400, tei: 'Validation', openai: 'invalid_request_error' },
  unauthorized: { status: 401, tei: 'Unauthorized', openai: 'invalid_request_error' },
  missing: { status: 404, tei: 'Validation', openai: 'invalid_request_error' },
  method: { status: 405, tei: 'Validation', openai: 'invalid_request_error' },
  late: { status: 408, tei: 'Validation', openai: 'invalid_request_error' },
  large: { status: 413, tei: 'Validation', openai: 'invalid_request_error' },
  media: { status: 415, tei: 'Validation', openai: 'invalid_request_error' },
  invalid: { status: 422, tei: 'Validation', openai: 'invalid_request_error' },
  tokenizer: { status: 422, tei: 'Tokenizer', openai: 'invalid_request_error' },
  backend: { status: 424, tei: 'Backend', openai: 'server_error' },
  overloaded: { status: 429, tei: 'Overloaded', openai: 'rate_limit_error' },
  gone: { status: 499, tei: 'Backend', openai: 'server_error' },
  bug: { status: 500, tei: 'Backend', openai: 'server_error' },
  unhealthy: { status: 503, tei: 'Unhealthy', openai: 'server_error' },
} as const satisfies Record<string, { status: number; tei: string; openai: string }>;
export type FaultKind = keyof typeof FAULTS;

/** What is answered in place of an answer. The message tells nothing of the machine. */
export class Fault extends Error {
  readonly kind: FaultKind;
  /** The field of the body that is at fault, if one is. */
  readonly param: string | undefined;
  /** A word for it that programs read, where OpenAI has one. */
  readonly code: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: FaultKind,
    message: string,
    more: { param?: string; code?: string; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'Fault';
    this.kind = kind;
    this.param = more.param;
    this.code = more.code;
    this.headers = more.headers ?? {};
  }

  get status(): number {
    return FAULTS[this.kind].status;
  }
}

/** Errors of the library that a request can bring about; all others are the model's or ours. */
const OF_REQUESTS: Partial<Record<ErrorCode, FaultKind>> = { value: 'invalid', shape: 'invalid', format: 'invalid' };
const OF_MODELS: Partial<Record<ErrorCode, FaultKind>> = {
  worker: 'backend',
  memory: 'backend',
  kernels: 'backend',
  disposed: 'unhealthy',
};

/** The fault that an error is answered with. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (!(error instanceof TraceletError))
    return new Fault('bug', 'Something unforeseen happened; the log of the server says what', { cause: error });
  const kind = OF_REQUESTS[error.code] ?? OF_MODELS[error.code] ?? 'bug';
  const said = kind === 'bug' ? 'Something unforeseen happened; the log of the server says what' : messageOf(error);
  return new Fault(kind, said, { cause: error });
}

/** A body that does not fit. */
export function misfitFault({ path, expected, got, isEmpty }: Misfit): Fault {
  const where = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '');
  const param = where || undefined;
  if (isEmpty) return new Fault('empty', `\`${where || 'body'}\` cannot be empty`, { param });
  const found = got === undefined ? 'nothing' : describe(got);
  return new Fault('invalid', `\`${where || 'body'}\`: expected ${expected}, got ${found}`, { param });
}
