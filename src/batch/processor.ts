import { TraceletError } from '../base/error.ts';
import { untilAborted } from '../base/signal.ts';
import type { TracedModule } from '../traced/traced.ts';
import { fingerprintOf } from './fingerprint.ts';
import { pause } from './pause.ts';
import { failForGood, giveBack, type ShardJob } from './queue.ts';
import { runShard } from './run.ts';
import { type Shard, unpackShard, type Written } from './shard.ts';
import type { BatchRow, Sink } from './sinks/sink.ts';
import { suspectsOf } from './suspects.ts';

export interface ProcessorOptions {
  /** Most tokens of a call. Answers do not depend on it. */
  batchTokens?: number;
  /** Stops the shards under way, which go back to the queue. */
  signal?: AbortSignal;
  /** How many milliseconds a sink that fails is tried again before the job fails: five minutes unless given. */
  sinkPatience?: number;
  /** Told of what goes wrong and is tried again. */
  trouble_callback?: (error: Error) => void;
}

const PATIENCE_MS = 300_000;
const FIRST_PAUSE_MS = 250;
const MOST_PAUSE_MS = 30_000;
/** Until a shard for another model comes to a worker again. */
const OTHERS_MS = 5000;

/** A shard came to a worker with another model. */
export class OtherModelError extends TraceletError {
  constructor(queue: string) {
    super('value', {
      what: `the queue ${queue}`,
      expected: 'shards for the model of this worker',
      got: 'one for another model',
      cure: 'Start the worker with the model that was given to submit, or submit to a queue of another name',
    });
  }
}

/**
 * What a BullMQ `Worker` of your own runs: embeds the shard of a job, has the sink keep it, and answers how much it was. {@link work} starts such a
 * worker. Shards that it cannot run now go back to the queue.
 */
export function processor(traced: TracedModule<unknown>, sink: Sink, options: ProcessorOptions = {}) {
  const { signal = new AbortController().signal, batchTokens, trouble_callback } = options; // calls with a signal let locks be renewed
  const own = fingerprintOf(traced);

  return async (job: ShardJob, token?: string): Promise<Written> => {
    if (job.data.written) return job.data.written;
    try {
      signal?.throwIfAborted();
      const shard = await unpackShard(job.data).catch(failForGood);
      if (shard.fingerprint !== (await own)) throw new OtherModelError(job.queueName);
      const isThere = await persist(async () => sink.has?.(shard.id, { signal }), options);
      const written = isThere ? foundOf(shard) : await compute(job, shard);
      await job.updateData({ shard: shard.id, texts: written.texts, tokens: written.tokens, written });
      return written;
    } catch (error) {
      if (signal?.aborted) await giveBack(job, token);
      if (!(error instanceof OtherModelError)) throw error;
      trouble_callback?.(error);
      return await giveBack(job, token, OTHERS_MS);
    }
  };

  async function compute(job: ShardJob, shard: Shard): Promise<Written> {
    const since = performance.now();
    const rows = await runShard(traced, shard, { batchTokens, signal, ...(await suspectsOf(job)) });
    const computed = performance.now();
    await persist(() => sink.write({ id: shard.id, rows }, { signal }), options);
    const [computing, writing] = [computed - since, performance.now() - computed].map(Math.round);
    return { texts: rows.length, tokens: shard.tokens, failed: rows.filter(isError).length, computing, writing };
  }
}

const isError = (row: BatchRow): boolean => 'error' in row;

const foundOf = ({ records, tokens }: Shard): Written => ({ texts: records.length, tokens, failed: null, computing: 0, writing: 0 });

/**
 * Asks a sink until it answers, with longer and longer pauses, for as long as patience lasts: vectors that were computed are not thrown away. One that
 * does not answer is left alone when the signal comes.
 */
async function persist<T>(ask: () => Promise<T>, { signal, sinkPatience = PATIENCE_MS, trouble_callback }: ProcessorOptions): Promise<T> {
  for (let [ms, waited] = [FIRST_PAUSE_MS, 0]; ; waited += ms, ms = Math.min(2 * ms, MOST_PAUSE_MS)) {
    try {
      return await untilAborted(signal, ask());
    } catch (error) {
      if (signal?.aborted || waited + ms > sinkPatience) throw error;
      trouble_callback?.(error as Error);
      await pause(ms, signal);
    }
  }
}
