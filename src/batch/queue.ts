import type { ConnectionOptions, Job, Processor, Queue, Worker, WorkerOptions } from 'bullmq';
import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { checkOptions, NAMED, type OptionTable } from '../base/options.ts';
import { messageOf } from '../base/realm.ts';
import { kind } from '../base/schema.ts';
import { untilAborted } from '../base/signal.ts';
import { loaded } from './loaded.ts';
import type { ShardData, Written } from './shard.ts';

/** Which queue is meant. */
export interface QueuePlace {
  /** An address, redis: or rediss: of Redis or Valkey, postgres: or postgresql: of PostgreSQL; or what BullMQ takes as `connection` to Redis. */
  queue: string | ConnectionOptions;
  /** Of one server there may be many queues; `tracelet` unless given. */
  name?: string;
  /** What keys in Redis begin with, or the schema in PostgreSQL; `bull` and `bullmq` unless given. */
  prefix?: string;
}

export type ShardQueue = Queue<ShardData, Written>;
export type ShardJob = Job<ShardData, Written>;
export type ShardWorker = Worker<ShardData, Written>;

const PLACE: OptionTable<QueuePlace> = {
  queue: kind('the address of a server', (value) =>
    typeof value === 'string' ? value !== '' : typeof value === 'object' && value !== null,
  ),
  name: NAMED,
  prefix: NAMED,
};

const DEFAULT_NAME = 'tracelet';
const POSTGRES = /^postgres(?:ql)?:/;
const REDIS = /^rediss?:/;

type BullMQ = typeof import('bullmq');

const library = (): Promise<BullMQ> => loaded(() => import('bullmq'), 'bullmq', 'npm install bullmq ioredis, or bullmq pg for PostgreSQL');

/** How queues and workers of a place are opened. Of PostgreSQL they differ in type from those of Redis, and in nothing else that is used here. */
interface Opening {
  bullmq: BullMQ;
  name: string;
  /** What messages call the server. */
  address: string;
  shared: { connection: ConnectionOptions; prefix?: string };
  backend: undefined;
}

async function opening(place: QueuePlace): Promise<Opening> {
  const { queue, name = DEFAULT_NAME, prefix } = checkOptions('a queue', place, PLACE);
  if (queue === undefined)
    throw new TraceletError('value', { what: 'a queue', expected: '{ queue }, the address of its server', got: describe(place) });
  const bullmq = await library();
  if (typeof queue !== 'string')
    return { bullmq, name, address: 'the server of the queue', shared: { connection: queue, prefix }, backend: undefined };
  const address = withoutSecret(queue);
  if (POSTGRES.test(queue)) {
    const connection = { connectionString: queue, migrate: true, Client: await enduringClient(), ...(prefix && { schema: prefix }) };
    return { bullmq, name, address, shared: { connection }, backend: bullmq.createPostgresBackend as unknown as undefined };
  }
  if (!REDIS.test(queue))
    throw new TraceletError('value', {
      what: 'the address of a queue',
      expected: 'redis:, rediss:, postgres: or postgresql:',
      got: describe(address),
    });
  return { bullmq, name, address, shared: { connection: { url: queue, ...REDIS_OPTIONS }, prefix }, backend: undefined };
}

/** A client of PostgreSQL whose connection may break between two queries: the next one says so, and an error that nobody hears would end the process. */
async function enduringClient() {
  const { Client } = await loaded(() => import('pg'), 'pg');
  return class extends Client {
    constructor(config?: ConstructorParameters<typeof Client>[0]) {
      super(config);
      this.on('error', ignore);
    }
  };
}

/** Commands wait for a server that is away; of one that has become a replica, connections are let go of, so that the next ones reach the new primary. */
const REDIS_OPTIONS = {
  maxRetriesPerRequest: null,
  reconnectOnError: ({ message }: Error): boolean => message.includes('READONLY'),
};

const withoutSecret = (address: string): string => address.replace(/\?.*$/s, '').replace(/\/\/.*@/s, '//');

/** Waits for a server, which has to be there at first; what goes wrong later, `heard` is told, and it is waited for. */
async function ready(
  opened: ShardQueue | ShardWorker,
  address: string,
  signal: AbortSignal | undefined,
  heard: (error: Error) => void,
): Promise<void> {
  let refuse: (error: Error) => void = () => {};
  const refused = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  const told = (error: Error): void => {
    refuse(error);
    heard(error);
  };
  (opened as ShardQueue).on('error', told);
  try {
    await untilAborted(signal, Promise.race([opened.waitUntilReady(), refused]));
  } catch (cause) {
    await close(opened).catch(ignore);
    signal?.throwIfAborted();
    throw new TraceletError('source', { what: address, expected: 'a server of queues', got: reasonOf(cause as Error), cause });
  }
}

/** What a queue answers. Throws a `source` error where its server refuses or has gone, and the reason of the signal. */
export async function answered<T>({ name }: ShardQueue, answer: Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await untilAborted(signal, answer);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new TraceletError('source', {
      what: `the queue ${name}`,
      expected: 'a server that answers',
      got: reasonOf(cause as Error),
      cause,
    });
  }
}

/** Node leaves the message of several errors in one empty. */
export const reasonOf = (error: Error & { code?: string }): string => messageOf(error) || error.code || error.name;

const ignore = (): void => {};

/** Opens a queue to add to and ask; `heard` is told what goes wrong later. Throws `source` errors. */
export async function openQueue(place: QueuePlace, signal?: AbortSignal, heard: (error: Error) => void = ignore): Promise<ShardQueue> {
  const { name, shared, backend, bullmq, address } = await opening(place);
  const queue: ShardQueue = new bullmq.Queue(name, shared, backend);
  await ready(queue, address, signal, heard);
  return queue;
}

/** Starts to take jobs of a queue. Throws `source` errors. */
export async function openWorker(
  place: QueuePlace,
  process: Processor<ShardData, Written>,
  options: Omit<WorkerOptions, 'connection'>,
  { signal, heard }: { signal?: AbortSignal; heard: (error: Error) => void },
): Promise<ShardWorker> {
  const { name, shared, backend, bullmq, address } = await opening(place);
  const worker: ShardWorker = new bullmq.Worker(name, process, { ...options, ...shared, autorun: false }, backend);
  await ready(worker, address, signal, heard);
  void worker.run().catch(heard);
  return worker;
}

/** A server that does not answer for so long is left to find out that the worker has gone. */
const FAREWELL_MS = 2000;

/**
 * Lets go of a queue or a worker once what it runs has ended. Where the server has gone, that would wait for it: after a while connections are
 * torn down, and nothing more is waited for.
 */
export async function close(opened: ShardQueue | ShardWorker): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, 2 * FAREWELL_MS);
  }).then(() => void opened.disconnect().catch(ignore));
  await Promise.race([opened.close(), late]).finally(() => clearTimeout(timer));
}

/** Gives a job back to be taken by another worker, in so many milliseconds. */
export async function giveBack(job: ShardJob, token: string | undefined, ms = 0): Promise<never> {
  const { DelayedError, WaitingError } = await library();
  const given = ms === 0 ? job.moveToWait(token) : job.moveToDelayed(Date.now() + ms, token);
  await untilAborted<unknown>(AbortSignal.timeout(FAREWELL_MS), given);
  throw ms === 0 ? new WaitingError() : new DelayedError();
}

/** Has a job fail for good. */
export async function failForGood(cause: Error): Promise<never> {
  const { UnrecoverableError } = await library();
  throw Object.assign(new UnrecoverableError(cause.message), { cause });
}
