import { Command, InvalidArgumentError, Option } from 'commander';
import { TraceletError } from '../../base/error.ts';
import { untilAborted } from '../../base/signal.ts';
import type { ThreadCount } from '../../runtime/threads/choose.ts';
import type { LogLine } from '../../serve/log.ts';
import { defaultTrace } from '../model.ts';
import { examples, threadsOption, whole } from '../options.ts';
import { note, print } from '../output.ts';
import { Progress } from '../progress.ts';

interface ServeOptions {
  port: number;
  host: string;
  workers?: ThreadCount;
  threads?: ThreadCount;
  apiKey?: string[];
  cors?: string[];
  maxConcurrentRequests?: number;
  maxBatchTokens?: number;
  maxClientBatchSize?: number;
  payloadLimit?: number;
  truncate: boolean;
  log: 'json' | 'none';
}

const PORTS = 65_535;

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= PORTS) return port;
  throw new InvalidArgumentError(`It must be a whole number from 0 to ${PORTS}.`);
}

/** `tracelet serve` */
export const serveCommand = (signal: AbortSignal): Command =>
  new Command('serve')
    .description('answer requests about models over HTTP, as Text Embeddings Inference, OpenAI, Cohere, Jina and Ollama do')
    .argument('[models...]', 'traces or directories of models, each with a name if wanted: NAME=PATH (default: the all-MiniLM-L6-v2 that comes with tracelet)') // biome-ignore format: one row
    .addOption(new Option('--port <n>', 'where to listen; 0 for a port that is free').default(8080).argParser(portOf).env('PORT'))
    .addOption(new Option('--host <address>', 'the address to listen on; 0.0.0.0 for all of this machine').default('127.0.0.1'))
    .addOption(threadsOption().conflicts('workers'))
    .addOption(new Option('--workers <n>', 'workers that answer several requests at once, or auto for as many as the machine has threads').argParser((text: string): ThreadCount => (text === 'auto' ? text : whole(64)(text)))) // biome-ignore format: one row
    .addOption(new Option('--api-key <key...>', 'keys of which requests have to bring one').env('API_KEY'))
    .option('--cors <origins...>', 'origins whose pages may ask, * for all (default: none)')
    .option('--max-concurrent-requests <n>', 'requests under way, above which 429 is answered (default: 512)', whole(1 << 20))
    .option('--max-batch-tokens <n>', 'tokens that run together; answers do not depend on it (default: 512)', whole(1 << 24))
    .option('--max-client-batch-size <n>', 'texts of a request (default: 2048)', whole(1 << 20))
    .option('--payload-limit <bytes>', 'bytes of a request (default: 2000000)', whole(1 << 30))
    .option('--no-truncate', 'refuse texts that are too long where a request does not say that they may be cut')
    .addOption(new Option('--log <form>', 'lines about requests on stderr').choices(['json', 'none']).default('json'))
    .addHelpText(
      'after',
      `
It ends on SIGINT or SIGTERM: no more requests are taken, and those under way are answered.
${examples('tracelet serve --port 8080', 'tracelet serve minilm.tracelet --workers 2 --log none', 'tracelet serve small=minilm.tracelet large=all-MiniLM-L6-v2/')}`,
    )
    .action((models: string[], options: ServeOptions) => serve(models, options, signal));

/** Models by name. Throws a `value` error for a name that is given twice. */
function namedModels(models: readonly string[], nameOf: (path: string) => string): Record<string, string> {
  const named: Record<string, string> = {};
  for (const model of models) {
    const [, given, path] = /^([\w.@-]+)=(.+)$/s.exec(model) ?? [];
    const name = given ?? nameOf(model);
    if (Object.hasOwn(named, name))
      throw new TraceletError('value', { what: `the model ${name}`, expected: 'a name of its own', got: 'one that is there already', cure: 'Name it: NAME=PATH' }); // biome-ignore format: one row
    named[name] = path ?? model;
  }
  return named;
}

async function serve(
  models: readonly string[],
  { port, host: hostname, log, apiKey, ...options }: ServeOptions,
  signal: AbortSignal,
): Promise<void> {
  const { nameOf, serve: start } = await import('../../serve/start.ts');
  const progress = new Progress();
  const { maxConcurrentRequests, maxBatchTokens, maxClientBatchSize, payloadLimit, truncate, ...others } = options;
  const server = await start(models.length > 0 ? namedModels(models, nameOf) : { 'all-MiniLM-L6-v2': defaultTrace() }, {
    ...others,
    port,
    hostname,
    api_keys: apiKey,
    max_concurrent_requests: maxConcurrentRequests,
    max_batch_tokens: maxBatchTokens,
    max_client_batch_size: maxClientBatchSize,
    payload_limit: payloadLimit,
    auto_truncate: truncate,
    signal,
    progress_callback: progress.reading,
    log: log === 'json' ? (line: LogLine) => note(JSON.stringify(line)) : undefined,
  }).finally(() => progress.clear());
  try {
    print(`tracelet serves ${Object.keys(server.models).join(', ')} at ${server.url} (what can be asked: ${server.url}docs)`);
    for (const line of server.examples) print(line);
    await untilAborted(signal, new Promise(() => {})).catch(() => {});
  } finally {
    note('tracelet: ending; requests under way are answered first');
    await server.close();
  }
}
