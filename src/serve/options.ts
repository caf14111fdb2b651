import { checkOptions, FUNCTION, type OptionTable } from '../base/options.ts';
import { FLAG, type Kind, kind, NAMES, SIZE } from '../base/schema.ts';
import type { LogLine } from './log.ts';

/** Options of {@link handler}. */
export interface HandlerOptions {
  /** Keys of which requests have to bring one, as `Authorization: Bearer KEY`; none unless given. `/health` and `/ping` take none. */
  api_keys?: readonly string[];
  /** Origins whose pages may ask, `'*'` for all; none unless given. */
  cors?: string | readonly string[];
  /** How many requests may be under way; more are answered with 429. Default: 512. */
  max_concurrent_requests?: number;
  /** Most tokens that run together. Default: 512. Answers do not depend on it. */
  max_batch_tokens?: number;
  /** Most texts that run together; as many as the trace takes unless given. */
  max_batch_requests?: number;
  /** Most texts of a request. Default: 2048. */
  max_client_batch_size?: number;
  /** Most bytes of a body. Default: 2,000,000. */
  payload_limit?: number;
  /** Milliseconds in which a body has to be there. Default: 10,000. */
  body_timeout?: number;
  /** Whether tokens that do not fit are left out where a request does not say; the response header `x-truncated-texts` counts such texts. Default: true. */
  auto_truncate?: boolean;
  /** Told of each request once it is answered. */
  log?: (line: LogLine) => void;
  /** Who asks, for fairness; the key or else the address that `x-forwarded-for` names unless given. */
  client?: (request: Request) => string;
}

const CORS: Kind<string | readonly string[]> = kind(
  "'*', an origin or an array of them",
  (value) => typeof value === 'string' || NAMES.read(value) !== undefined,
);
const KEYS: Kind<readonly string[]> = {
  expected: 'an array of strings that are not empty',
  read: (value) => (NAMES.read(value)?.every(Boolean) ? (value as readonly string[]) : undefined),
  secret: true,
};

export const HANDLER_OPTIONS: OptionTable<HandlerOptions> = {
  api_keys: KEYS,
  cors: CORS,
  max_concurrent_requests: SIZE,
  max_batch_tokens: SIZE,
  max_batch_requests: SIZE,
  max_client_batch_size: SIZE,
  payload_limit: SIZE,
  body_timeout: SIZE,
  auto_truncate: FLAG,
  log: FUNCTION,
  client: FUNCTION,
};

const DEFAULTS = {
  api_keys: [] as readonly string[],
  max_concurrent_requests: 512,
  max_batch_tokens: 512,
  max_client_batch_size: 2048,
  payload_limit: 2_000_000,
  body_timeout: 10_000,
  auto_truncate: true,
} as const;

/** {@link HandlerOptions} with those that have a default. */
export type Options = HandlerOptions & Required<Pick<HandlerOptions, keyof typeof DEFAULTS>>;

/** Options with what holds where nothing is given. Throws `value` errors. */
export const optionsOf = (given: HandlerOptions | undefined): Options => ({
  ...DEFAULTS,
  ...checkOptions('handler()', given, HANDLER_OPTIONS),
});
