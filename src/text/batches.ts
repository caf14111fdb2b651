/** The least and the most of something. */
export type Ends = readonly [low: number, high: number];

/** What one call takes. */
export interface Capacity {
  /** Rows. */
  batch: Ends;
  /** Tokens of a row, special ones included. */
  sequence: Ends;
  /** Tokens of all rows together, without padding. */
  batchTokens: number;
}

/** How many calls each of several runs makes, at least, if there is enough work. Calls are short then, so that all runs end at about the same time. */
const CALLS_EACH = 2;
/** Tokens below which a call is not made shorter. */
const LEAST_TOKENS = 64;

/** The capacity that keeps `concurrency` runs busy with rows of these lengths. Where a call has to be filled up it stays as it is. */
export function shareOf(capacity: Capacity, lengths: readonly number[], concurrency: number): Capacity {
  if (concurrency === 1 || capacity.batch[0] > 1) return capacity;
  const tokens = lengths.reduce((sum, length) => sum + length, 0);
  const share = Math.max(LEAST_TOKENS, Math.ceil(tokens / (CALLS_EACH * concurrency)));
  return { ...capacity, batchTokens: Math.min(capacity.batchTokens, share) };
}

/** Calls `work` on each of `things`, so many at once; when one fails no others begin, and `goesOn` tells those under way. */
export async function allOf<T>(
  things: readonly T[],
  concurrency: number,
  work: (thing: T, goesOn: () => boolean) => Promise<void>,
): Promise<void> {
  const rest = things.values();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const thing of rest) {
      if (failed) return;
      await work(thing, () => !failed);
    }
  };
  const guarded = (): Promise<void> =>
    worker().catch((error) => {
      failed = true;
      throw error;
    });
  await Promise.all(Array.from({ length: concurrency }, guarded));
}

/**
 * Which rows to run together, as lists of indexes: the longest first, so that rows of like length lie together; each list
 * at most `batch[1]` rows and `batchTokens` tokens. A row that has more tokens than that is alone.
 */
export function planBatches(lengths: readonly number[], { batch, batchTokens }: Pick<Capacity, 'batch' | 'batchTokens'>): number[][] {
  const order = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a] || a - b);
  const batches: number[][] = [];
  let room = 0;
  for (const index of order) {
    if (batches.length === 0 || lengths[index] > room || batches[batches.length - 1].length === batch[1]) {
      batches.push([]);
      room = batchTokens;
    }
    batches[batches.length - 1].push(index);
    room -= lengths[index];
  }
  return batches;
}
