import { checkOptions, FUNCTION, type OptionTable, proved, SIGNAL } from '../base/options.ts';
import { FLAG, kind, SIZE } from '../base/schema.ts';
import { untilAborted, whenAborted } from '../base/signal.ts';
import { proveTraced, type TracedModule } from '../traced/traced.ts';
import { pause } from './pause.ts';
import { OtherModelError, type ProcessorOptions, processor } from './processor.ts';
import { close, openQueue, openWorker, type QueuePlace, type ShardQueue } from './queue.ts';
import type { Written } from './shard.ts';
import type { Sink, SinkFunction } from './sinks/sink.ts';

/** Options of {@link work}. */
export interface WorkOptions extends ProcessorOptions {
  /** Ends once no shard is left; without it, work goes on until the signal comes. */
  untilDone?: boolean;
  /** Shards at a time, 2 unless given: one is computed while another is read or written. */
  concurrency?: number;
  /** Milliseconds after which a worker that does not say that it lives counts as dead, and its shards are taken by others: 30000 unless given. */
  lock?: number;
  /** Told after each shard how much is done by this worker. */
  progress_callback?: (progress: Worked) => void;
}

/** What a worker did. */
export interface Worked {
  shards: number;
  texts: number;
  tokens: number;
  /** Texts that have an error in place of a vector. */
  failed: number;
}

const WORK_OPTIONS: OptionTable<WorkOptions> = {
  batchTokens: SIZE,
  signal: SIGNAL,
  sinkPatience: SIZE,
  trouble_callback: FUNCTION,
  untilDone: FLAG,
  concurrency: SIZE,
  lock: SIZE,
  progress_callback: FUNCTION,
};

const SINK = kind<Sink | SinkFunction>(
  'a sink, or a function that writes a shard',
  (value) => typeof (value as Sink)?.write === 'function' || typeof value === 'function',
);

const LOCK_MS = 30_000;
const POLL_MS = 200;

/**
 * Of every worker. Deaths are judged by what the processor knows of them, not counted by the queue; a server that did not answer is asked again after a
 * second; numbers for Prometheus are kept for an hour.
 */
const SETTINGS = { maxStalledCount: 1_000_000, runRetryDelay: 1000, metrics: { maxDataPoints: 60 } };

/**
 * Takes shards of a queue, embeds them and has the sink keep the vectors, on as many machines as it is called on. Locks of shards are renewed while calls run in the
 * workers of a trace, or between two instructions. When the signal comes, shards under way go back to the queue and the promise is rejected with its
 * reason. The sink is closed at the end. Throws `source` errors, and a `value` error for a queue with shards of another model.
 */
export async function work(
  place: QueuePlace,
  traced: TracedModule<unknown>,
  sink: Sink | SinkFunction,
  options?: WorkOptions,
): Promise<Worked> {
  proveTraced('work(): model', traced);
  const checked = checkOptions('work()', options, WORK_OPTIONS);
  const { untilDone = false, concurrency = 2, lock = LOCK_MS, progress_callback, trouble_callback, signal, ...rest } = checked;
  const target = asSink(proved('work(): sink', sink, SINK));
  const stop = new AbortController();
  const deaf = whenAborted(signal, () => stop.abort(signal?.reason));
  const troubled = (error: Error): void => {
    if (error instanceof OtherModelError) stop.abort(error);
    else trouble_callback?.(error);
  };
  const done = tally(progress_callback);
  try {
    await target.open?.({ signal });
    const queue = await openQueue(place, stop.signal, troubled);
    try {
      const process = processor(traced, target, { ...rest, signal: stop.signal, trouble_callback: troubled });
      const settings = { ...SETTINGS, concurrency, lockDuration: lock, stalledInterval: lock };
      const worker = await openWorker(place, process, settings, { signal: stop.signal, heard: troubled });
      worker.on('completed', (_, written) => done.add(written));
      await ended(queue, untilDone, stop.signal, troubled).finally(() => close(worker));
    } finally {
      await close(queue);
    }
    return done.all;
  } finally {
    deaf();
    await target.close?.();
  }
}

/** Adds up what a worker did, and tells of it. */
function tally(told: WorkOptions['progress_callback']) {
  const all: Worked = { shards: 0, texts: 0, tokens: 0, failed: 0 };
  const add = ({ texts, tokens, failed }: Written): void => {
    all.shards++;
    all.texts += texts;
    all.tokens += tokens;
    all.failed += failed ?? 0;
    told?.({ ...all });
  };
  return { all, add };
}

const asSink = (given: Sink | SinkFunction): Sink => (typeof given === 'function' ? { write: given } : given);

/** Waits until the signal comes, whose reason it throws, or until no shard is left. A server that does not answer is asked again. */
async function ended(queue: ShardQueue, untilDone: boolean, signal: AbortSignal, troubled: (error: Error) => void): Promise<void> {
  const isBusy = async (): Promise<boolean> => {
    try {
      return !untilDone || (await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'prioritized')) > 0;
    } catch (error) {
      troubled(error as Error);
      return true;
    }
  };
  while (await untilAborted(signal, isBusy())) await pause(POLL_MS, signal);
}
