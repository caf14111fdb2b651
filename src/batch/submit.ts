import { TraceletError } from '../base/error.ts';
import { checkOptions, FUNCTION, type OptionTable, SIGNAL } from '../base/options.ts';
import { FLAG, SIZE } from '../base/schema.ts';
import { embedder } from '../text/embedder.ts';
import type { TextInput } from '../tokenizer/index.ts';
import { proveTraced, type TracedModule } from '../traced/traced.ts';
import { cut, type Records } from './cut.ts';
import { fingerprintOf } from './fingerprint.ts';
import { HashSet } from './hashset.ts';
import { pause } from './pause.ts';
import { answered, close, openQueue, type QueuePlace, type ShardQueue } from './queue.ts';
import { hashOf } from './record.ts';
import { packShard, type ShardData, VECTOR_OPTIONS, type VectorOptions } from './shard.ts';

/** Options of {@link submit}; those of vectors hold for all workers. */
export interface SubmitOptions extends VectorOptions {
  /** Most tokens of a shard: 65536 unless given. */
  shardTokens?: number;
  /** Most shards that wait for workers, 1000 unless given; `submit` waits in turn, so that the server holds no more texts. */
  waiting?: number;
  /** Tries of a shard before it fails, 5 unless given, with longer and longer pauses in between. */
  attempts?: number;
  /** Leaves out texts whose id came before, true unless given. Takes up to 64 bytes of memory for each id. */
  unique?: boolean;
  /** Ends the reading. What was submitted stays so, and is passed over the next time. */
  signal?: AbortSignal;
  /** Told after each shard how much is submitted. */
  progress_callback?: (progress: Submitted) => void;
}

/** What was submitted. */
export interface Submitted {
  shards: number;
  /** How many of them the queue did not have. */
  added: number;
  texts: number;
  tokens: number;
  /** Texts that were left out, as their id came before. */
  repeated: number;
}

const SUBMIT_OPTIONS: OptionTable<SubmitOptions> = {
  ...VECTOR_OPTIONS,
  shardTokens: SIZE,
  waiting: SIZE,
  attempts: SIZE,
  unique: FLAG,
  signal: SIGNAL,
  progress_callback: FUNCTION,
};

const SHARD_TOKENS = 1 << 16;
const WAITING = 1000;
const POLL_MS = 200;

const ATTEMPTS = 5;
const BACKOFF = { type: 'exponential', delay: 2000 };

/**
 * Cuts texts into shards of so many tokens and adds these to a queue. The id of a shard follows from its texts, the model and the options, so what the
 * queue has already is passed over, and what failed there is tried again: submitting the same source once more goes on where it ended. Throws `source` errors, and
 * `value` errors for what is no text.
 */
export async function submit(
  place: QueuePlace,
  records: Records,
  traced: TracedModule<unknown>,
  options?: SubmitOptions,
): Promise<Submitted> {
  proveTraced('submit(): model', traced);
  const checked = checkOptions('submit()', options, SUBMIT_OPTIONS);
  const {
    shardTokens = SHARD_TOKENS,
    waiting = WAITING,
    attempts = ATTEMPTS,
    unique = true,
    signal,
    progress_callback,
    ...vectors
  } = checked;
  const fingerprint = await fingerprintOf(traced);
  const tokensOf = counter(traced, vectors);
  const [seen, done] = [new HashSet(), { shards: 0, added: 0, texts: 0, tokens: 0, repeated: 0 }];
  const isRepeated = async (id: string): Promise<boolean> => {
    const isNew = !unique || seen.add(HASH.test(id) ? id : await hashOf(id));
    if (!isNew) done.repeated++;
    return !isNew;
  };
  const queue = await openQueue(place, signal);
  try {
    await answered(queue, queue.retryJobs({ state: 'failed' }), signal);
    for await (const piece of cut(records, { most: shardTokens, tokensOf, isRepeated, signal })) {
      const data = await packShard({ fingerprint, options: vectors, ...piece });
      await room(queue, waiting, signal);
      done.added += Number(await answered(queue, add(queue, data, attempts), signal));
      done.shards++;
      done.texts += piece.records.length;
      done.tokens += piece.tokens;
      progress_callback?.({ ...done });
    }
    return done;
  } finally {
    await close(queue);
  }
}

/** BullMQ takes no id that could be a number. */
const JOB_PREFIX = 's';

const HASH = /^[\da-f]{32}$/;

/** Adds a shard unless the queue has it; answers whether it did. */
async function add(queue: ShardQueue, data: ShardData, attempts: number): Promise<boolean> {
  const jobId = `${JOB_PREFIX}${data.shard}`;
  if (await queue.getJob(jobId)) return false;
  await queue.add('shard', data, { jobId, attempts, backoff: BACKOFF });
  return true;
}

async function room(queue: ShardQueue, most: number, signal: AbortSignal | undefined): Promise<void> {
  while ((await answered(queue, queue.getJobCountByTypes('waiting', 'delayed', 'prioritized'), signal)) >= most)
    await pause(POLL_MS, signal);
}

/** How many tokens a text will be. What is too long, and said to be neither cut nor chunked, is not run. */
function counter(traced: TracedModule<unknown>, options: VectorOptions): (text: TextInput) => number {
  const { encode } = embedder(traced, options);
  return (text) => {
    try {
      return encode(text, 0).rows.reduce((sum, { ids }) => sum + ids.length, 0);
    } catch (error) {
      if (error instanceof TraceletError) return 1;
      throw error;
    }
  };
}
