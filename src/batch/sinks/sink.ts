import type { ErrorCode } from '../../base/error.ts';

/** What came of a text: its vector, or why it has none. */
export type BatchRow = { id: string; embedding: Float32Array } | { id: string; error: { code: ErrorCode; message: string } };

/** All rows of a shard, in the order of its texts. */
export interface WrittenShard {
  /** Follows from the texts, the model and the options: a shard that comes twice has the same rows. */
  id: string;
  rows: readonly BatchRow[];
}

/** Where vectors go. */
export interface Sink {
  /**
   * Keeps all rows of a shard or none. A shard may come again, also while it is being written, and then has to replace what is there. What is thrown has
   * the shard tried again.
   */
  write(shard: WrittenShard, options: { signal?: AbortSignal }): Promise<void>;
  /** Whether all rows of a shard are there, so that they are not computed again. */
  has?(id: string, options: { signal?: AbortSignal }): Promise<boolean>;
  /** Proves that it can be written, before anything is computed. */
  open?(options: { signal?: AbortSignal }): Promise<void>;
  /** Lets go of what it holds. */
  close?(): Promise<void>;
}

/** A function for a sink that can do no more than write. */
export type SinkFunction = Sink['write'];
