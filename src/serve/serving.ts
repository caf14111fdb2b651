import { messageOf } from '../base/realm.ts';
import { bodyOf, type Incoming } from './body.ts';
import { Call } from './call.ts';
import { crossing } from './cors.ts';
import { type Dialect, statusOf } from './dialect.ts';
import { Fault, faultOf } from './fault.ts';
import { jsonBytes } from './json.ts';
import { clientOf, keeper, keyIn } from './keys.ts';
import { type LogLine, levelOf, requestIdOf, spanOf } from './log.ts';
import { dialectOf, type Match, matcher } from './match.ts';
import { Metrics } from './metrics.ts';
import type { Models } from './models.ts';
import type { Options } from './options.ts';
import { Registry } from './registry.ts';
import type { Route } from './route.ts';
import { routesFor } from './routes/index.ts';

/** What became of a request so far. */
interface Turn {
  readonly request: Request;
  readonly path: string;
  readonly since: number;
  readonly incoming: Incoming | undefined;
  dialect: Dialect;
  call?: Call;
  error?: unknown;
}

/** What a request is answered with. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array | null;
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** Answers requests about models. */
export class Serving {
  readonly registry: Registry;
  readonly metrics: Metrics = new Metrics();
  readonly options: Options;
  readonly #match: (method: string, path: string) => Match;
  readonly #isKey: (given: string) => boolean;
  readonly #crossing: (request: Request) => Record<string, string>;
  #underway = 0;
  #tickets = 0;
  #isDraining = false;

  constructor(models: Models, options: Options) {
    this.options = options;
    this.registry = new Registry(models, options, {
      waiting: (rows) => this.metrics.set('te_queue_size', rows),
      batch: (rows, tokens) => {
        this.metrics.observe('te_batch_next_size', rows);
        this.metrics.observe('te_batch_next_tokens', tokens);
      },
    });
    this.#match = matcher(routesFor(this.registry, { hasKeys: options.api_keys.length > 0 }));
    this.#isKey = keeper(options.api_keys);
    this.#crossing = crossing(options.cors);
  }

  /** What a request is answered with, whatever it is. Its body is read from `incoming` where that is given. */
  async answer(request: Request, incoming?: Incoming): Promise<Reply> {
    const path = pathOf(request.url);
    const turn: Turn = { request, path, since: performance.now(), incoming, dialect: dialectOf(path) };
    const crossed = this.#crossing(request);
    if (request.method === 'OPTIONS' && request.headers.has('access-control-request-method'))
      return { status: 204, headers: crossed, body: null };
    const reply = await this.#attempt(turn);
    return this.#close(turn, reply, crossed);
  }

  /** Says from now on that it is not well, for those who look whether to send requests. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Fails what is under way. */
  end(): void {
    for (const { queue } of this.registry.models) queue.close(new Fault('unhealthy', 'The server ends'));
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  async #attempt(turn: Turn): Promise<Reply> {
    try {
      return await this.#serve(turn);
    } catch (error) {
      turn.error = error;
      const fault = turn.request.signal.aborted ? new Fault('gone', 'The client has left') : faultOf(error);
      if (turn.call) this.metrics.add('te_request_failure', { err: fault.kind });
      const status = statusOf(turn.dialect, fault);
      return { status, headers: { ...JSON_HEADERS, ...fault.headers }, body: JSON.stringify(turn.dialect.error(fault, status)) };
    }
  }

  async #serve(turn: Turn): Promise<Reply> {
    const { request } = turn;
    const { route, rest } = this.#match(request.method, turn.path);
    turn.dialect = route.dialect;
    if (!route.isOpen) this.#admit(request);
    const address = request.headers.get('x-forwarded-for')?.split(',')[0].trim();
    const client = this.options.client?.(request) ?? clientOf(request, this.options.api_keys, address);
    const call = new Call({ ticket: this.#tickets++, client, signal: request.signal, host: this, rest });
    if (!route.body) return replyOf(route, await route.run(call, undefined));
    turn.call = call;
    return this.#within(route, call, turn);
  }

  /** Throws a fault for a request without a key where there are some. */
  #admit({ headers }: Request): void {
    if (this.options.api_keys.length === 0 || this.#isKey(keyIn(headers) ?? '')) return;
    throw new Fault('unauthorized', 'Incorrect API key provided', { code: 'invalid_api_key', headers: { 'www-authenticate': 'Bearer' } });
  }

  async #within(route: Route, call: Call, { request, incoming }: Turn): Promise<Reply> {
    if (this.#underway >= this.options.max_concurrent_requests)
      throw new Fault('overloaded', 'Model is overloaded', { headers: { 'retry-after': `${this.#seconds()}` } });
    this.#underway++;
    try {
      const body = await bodyOf(request, incoming, route, this.options);
      return replyOf(route, await route.run(call, body));
    } finally {
      this.#underway--;
    }
  }

  /** Seconds after which there is likely room. */
  #seconds(): number {
    const waiting = this.registry.models.reduce((most, { queue }) => Math.max(most, queue.wait), 0);
    return Math.min(60, Math.max(1, Math.ceil(waiting / 1000)));
  }

  /** The reply with what all have, once it is counted and told of. */
  #close({ request, call, path, since, error }: Turn, { status, headers, body }: Reply, crossed: Record<string, string>): Reply {
    const id = requestIdOf(request.headers);
    const span = spanOf(request.headers);
    const total = performance.now() - since;
    const isAnswered = status < 400;
    if (call) this.#count(call, isAnswered, total);
    this.#tell({
      time: new Date().toISOString(),
      level: levelOf(status),
      request_id: id,
      ...(span && { trace_id: span.trace_id, span_id: span.span_id }),
      method: request.method,
      path,
      status,
      total_time: rounded(total),
      ...(call && costs(call)),
      ...(error !== undefined && { error: causeOf(error) }),
    });
    const more = { ...(span && { traceparent: span.traceparent }), ...(call && isAnswered && timings(call, total)) };
    return { status, headers: { ...headers, ...crossed, 'x-request-id': id, ...more }, body: request.method === 'HEAD' ? null : body };
  }

  /** What goes wrong where a line is told takes no answer with it. */
  #tell(line: LogLine): void {
    try {
      this.options.log?.(line);
    } catch {}
  }

  #count(call: Call, isAnswered: boolean, total: number): void {
    const method = call.texts > 1 ? 'batch' : 'single';
    this.metrics.add('te_request_count', { method });
    if (!isAnswered) return;
    this.metrics.add('te_request_success', { method });
    this.metrics.add('te_request_truncated', {}, call.truncated);
    for (const length of call.lengths) this.metrics.observe('te_request_input_length', length);
    const times = { '': total, tokenization_: call.tokenization, queue_: call.queue, inference_: call.inference } as const;
    for (const [name, ms] of Object.entries(times)) this.metrics.observe(`te_request_${name as keyof typeof times}duration`, ms / 1000);
  }
}

const rounded = (ms: number): number => Math.round(10 * ms) / 10;
const whole = (ms: number): string => `${Math.round(ms)}`;

const costs = ({ texts, tokens, truncated, queue, inference }: Call): Partial<LogLine> =>
  texts > 0 ? { texts, tokens, ...(truncated > 0 && { truncated }), queue_time: rounded(queue), inference_time: rounded(inference) } : {};

/** Headers of Text Embeddings Inference, in milliseconds. */
const timings = (call: Call, total: number): Record<string, string> => ({
  'x-compute-type': 'cpu',
  'x-compute-time': whole(total),
  'x-compute-characters': `${call.characters}`,
  'x-compute-tokens': `${call.tokens}`,
  'x-total-time': whole(total),
  'x-tokenization-time': whole(call.tokenization),
  'x-queue-time': whole(call.queue),
  'x-inference-time': whole(call.inference),
  ...(call.truncated > 0 && { 'x-truncated-texts': `${call.truncated}` }),
});

const causeOf = (error: unknown): string => {
  const { cause } = (error ?? {}) as { cause?: unknown };
  return messageOf(cause ?? error);
};

function replyOf({ answer }: Route, value: unknown): Reply {
  const isText = typeof answer === 'string';
  return { status: 200, headers: isText ? { 'content-type': answer } : JSON_HEADERS, body: isText ? `${value}` : jsonBytes(value) };
}

/** The path of an address, a slash behind it left out. */
function pathOf(url: string): string {
  const { pathname } = URL.canParse(url) ? new URL(url) : { pathname: '/' };
  return pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname;
}
