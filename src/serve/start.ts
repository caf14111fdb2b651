import { listen } from '#server';
import { isObject } from '../base/json.ts';
import { ANY, checkOptions, NAMED, type OptionTable, SIGNAL } from '../base/options.ts';
import { isUrl } from '../base/realm.ts';
import { SIZE, upTo } from '../base/schema.ts';
import { whenAborted } from '../base/signal.ts';
import { SOURCE_OPTIONS } from '../sources/folder.ts';
import type { Holder } from '../traced/holder.ts';
import { curlLines } from './curl.ts';
import { clientOf } from './keys.ts';
import type { Models } from './models.ts';
import type { OpenOptions } from './open.ts';
import { HANDLER_OPTIONS, type HandlerOptions, optionsOf } from './options.ts';
import { isOne } from './registry.ts';
import { Serving } from './serving.ts';

/** What {@link serve} serves: what {@link handler} does, or where that lies, to be opened. */
export type Sources = Holder | string | URL | Readonly<Record<string, Holder | string | URL>>;

/** Options of {@link serve}: those of {@link handler}, of opening models, and where to listen. */
export interface ServeOptions extends HandlerOptions, OpenOptions {
  /** Default: 8080. 0 is one that is free. */
  port?: number;
  /** Default: 127.0.0.1, which this machine alone reaches. 0.0.0.0 is all of its addresses. */
  hostname?: string;
  /** Milliseconds in which the headers of a request have to be there. Default: 10,000. */
  header_timeout?: number;
  /** Milliseconds after which a connection ends whose client takes nothing of an answer, in Node. Default: 30,000. */
  answer_timeout?: number;
  /** Milliseconds that requests under way have to end once the server is closed. Default: 30,000. */
  drain_timeout?: number;
}

/** A server that listens. */
export interface Server {
  /** Such as `http://127.0.0.1:8080/`. */
  readonly url: string;
  /** Names of the models, and what each can be asked. */
  readonly models: Readonly<Record<string, readonly string[]>>;
  /** Commands for a shell that ask what can be asked; with keys, the one in `API_KEY`. */
  readonly examples: readonly string[];
  /** Takes no more requests, waits for those under way, and gives models back that it has opened. */
  close(): Promise<void>;
}

const OWN = {
  port: upTo(0, 65_535),
  hostname: NAMED,
  header_timeout: SIZE,
  answer_timeout: SIZE,
  drain_timeout: SIZE,
  workers: ANY,
  threads: ANY,
};
const OPTIONS: OptionTable<ServeOptions> = { ...SOURCE_OPTIONS, ...HANDLER_OPTIONS, ...OWN, signal: SIGNAL };

const of = <T extends object>(options: object, table: object): T =>
  Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(table, name))) as T;

const isSource = (value: unknown): value is string | URL => typeof value === 'string' || isUrl(value);

/**
 * Serves models over HTTP in Node, Bun and Deno: traces, or directories, addresses and hub ids of models, which are opened first. Throws what opening
 * them throws, `value` errors for options, and a `source` error where it cannot listen. A `signal` ends the opening; then it closes the server.
 */
export async function serve(models: Sources, given: ServeOptions = {}): Promise<Server> {
  const options = checkOptions('serve()', given, OPTIONS);
  const { port = 8080, hostname = '127.0.0.1', signal } = options;
  const { header_timeout = 10_000, answer_timeout = 30_000, drain_timeout = 30_000 } = options;
  const opened: { dispose(): void }[] = [];
  const disposeAll = (): void => {
    for (const model of opened) model.dispose();
  };
  try {
    const { signal: _, progress_callback, ...others } = options;
    const opening = { ...of<OpenOptions>(others, { ...SOURCE_OPTIONS, workers: ANY, threads: ANY }), signal, progress_callback };
    const served = await open(models, opening, opened);
    const client = (request: Request & { ip?: string }): string => clientOf(request, options.api_keys ?? [], request.ip);
    const serving = new Serving(served, optionsOf({ client, ...of<HandlerOptions>(options, HANDLER_OPTIONS) }));
    signal?.throwIfAborted();
    const listener = await listen((request, incoming) => serving.answer(request, incoming), {
      port,
      hostname,
      header_timeout,
      answer_timeout,
    });
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= drain(listener, serving, drain_timeout).finally(disposeAll);
      return closing;
    };
    whenAborted(signal, () => void close());
    const { registry } = serving;
    const lines = curlLines(listener.url, registry, options.api_keys !== undefined);
    return { url: listener.url, models: registry.abilities(), examples: lines, close };
  } catch (error) {
    disposeAll();
    throw error;
  }
}

/** Waits for what is under way, so long, and ends the rest. */
async function drain(listener: { close(now?: boolean): Promise<void> }, serving: Serving, most: number): Promise<void> {
  serving.drain();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      serving.end();
      resolve(listener.close(true));
    }, most);
  });
  await Promise.race([listener.close(), late]).finally(() => clearTimeout(timer));
}

/** What is served, with places opened. */
async function open(models: Sources, options: OpenOptions, opened: { dispose(): void }[]): Promise<Models> {
  const byName = isSource(models) ? { [nameOf(models)]: models } : models;
  if (isOne(byName) || !isObject(byName)) return byName as Models;
  const served: Record<string, Holder> = {};
  for (const [name, model] of Object.entries(byName as Record<string, Holder | string | URL>)) {
    if (!isSource(model)) {
      served[name] = model;
      continue;
    }
    const { openModel } = await import('./open.ts');
    const traced = await openModel(model, options);
    opened.push(traced);
    served[name] = traced;
  }
  return served;
}

/** What a model is called by where it lies: the last part of its path, without its ending. */
export function nameOf(source: string | URL): string {
  const parts = String(source).split(/[/\\]/).filter(Boolean);
  const last = parts.at(-1) === 'model.tracelet' && parts.length > 1 ? parts.at(-2) : parts.at(-1);
  return last?.replace(/\.tracelet$/, '') || 'model';
}
