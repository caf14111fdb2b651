import { checkOptions, type OptionTable, SIGNAL } from '../base/options.ts';
import { answered, close, openQueue, type QueuePlace, type ShardJob, type ShardQueue } from './queue.ts';

/** How far a queue is. */
export interface BatchStatus {
  /** Shards by what they are up to: `done` have all their rows in the sink; `failed` are tried again when the source is submitted again. */
  shards: { waiting: number; active: number; done: number; failed: number };
  /** Workers that are connected. */
  workers: number;
  /** Texts and tokens of a shard, and how many of its texts have an error in place of a vector, on average over shards looked at. */
  shard: { texts: number; tokens: number; failed: number };
  /** About how many tokens are left. */
  tokensLeft: number;
  /** Tokens a second of all workers over the last shards that were computed; undefined until there are two. */
  tokensPerSecond: number | undefined;
  /** Seconds until all is done at that rate. */
  secondsLeft: number | undefined;
  /** Why the shard failed that failed last. */
  failure: string | undefined;
}

/** Shards looked at of those done last, and of those next in turn. */
const RECENT = 100;
const NEXT = 20;

const STATUS_OPTIONS: OptionTable<{ signal?: AbortSignal }> = { signal: SIGNAL };

/** How far a queue is, at what rate, and until when. Numbers of tokens left follow from shards looked at. Throws `source` errors. */
export async function status(place: QueuePlace, options?: { signal?: AbortSignal }): Promise<BatchStatus> {
  const { signal } = checkOptions('status()', options, STATUS_OPTIONS);
  const queue = await openQueue(place, signal);
  try {
    return await answered(queue, statusOf(queue), signal);
  } finally {
    await close(queue);
  }
}

/** Numbers of a queue in the text format of Prometheus, as BullMQ names them. Throws `source` errors. */
export async function prometheus(place: QueuePlace, options?: { signal?: AbortSignal }): Promise<string> {
  const { signal } = checkOptions('prometheus()', options, STATUS_OPTIONS);
  const queue = await openQueue(place, signal);
  try {
    return await answered(queue, queue.exportPrometheusMetrics(), signal);
  } finally {
    await close(queue);
  }
}

async function statusOf(queue: ShardQueue): Promise<BatchStatus> {
  const counts = await queue.getJobCounts('waiting', 'delayed', 'prioritized', 'active', 'completed', 'failed');
  const [last, failed, next] = await Promise.all([queue.getCompleted(0, RECENT - 1), queue.getFailed(0, 0), queue.getWaiting(0, NEXT - 1)]);
  const computed = last.filter(({ returnvalue }) => typeof returnvalue?.failed === 'number');
  const shard = shardOf(computed, next);
  const waiting = counts.waiting + counts.delayed + counts.prioritized;
  const tokensLeft = Math.round(shard.tokens * (waiting + counts.active));
  const tokensPerSecond = rateOf(computed);
  return {
    shards: { waiting, active: counts.active, done: counts.completed, failed: counts.failed },
    workers: await queue.getWorkersCount(),
    shard,
    tokensLeft,
    tokensPerSecond,
    secondsLeft: tokensLeft === 0 ? 0 : tokensPerSecond && tokensLeft / tokensPerSecond,
    failure: failed[0]?.failedReason,
  };
}

function shardOf(computed: readonly ShardJob[], next: readonly ShardJob[]): BatchStatus['shard'] {
  const [texts, tokens] = (['texts', 'tokens'] as const).map((name) => mean([...next, ...computed].map(({ data }) => data[name])));
  return { texts, tokens, failed: mean(computed.map(({ returnvalue }) => returnvalue.failed ?? 0)) };
}

/** Tokens of all but the first, in the time from its end to that of the last. */
function rateOf(computed: readonly ShardJob[]): number | undefined {
  const ends = computed.map(({ finishedOn }) => finishedOn as number);
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const tokens = computed.reduce((sum, { data, finishedOn }) => sum + (finishedOn === first ? 0 : data.tokens), 0);
  return last > first ? (1000 * tokens) / (last - first) : undefined;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
