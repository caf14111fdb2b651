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

/**
 * Which rows to run together, as lists of indexes: the longest first, so that rows of like length lie together; each list
 * at most `batch[1]` rows and `batchTokens` tokens. A row that has more tokens than that is alone.
 */
export function planBatches(lengths: readonly number[], { batch, batchTokens }: Pick<Capacity, 'batch' | 'batchTokens'>): number[][] {
  const order = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a] || a - b);
  const batches: number[][] = [];
  let room = 0;
  for (const index of order) {
    if (lengths[index] > room || batches[batches.length - 1]?.length === batch[1]) {
      batches.push([]);
      room = batchTokens;
    }
    batches[batches.length - 1].push(index);
    room -= lengths[index];
  }
  return batches;
}
