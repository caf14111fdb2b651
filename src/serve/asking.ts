import type { Ticketed } from './turns.ts';

/** Told of batches. */
export interface QueueWatch {
  /** How many rows wait. */
  waiting(rows: number): void;
  batch(rows: number, tokens: number): void;
}

/** Who asks, and what is told of the time that it took. */
export interface Asking extends Ticketed {
  readonly client: string;
  /** Told of rows of the call that were run: how long they waited and how long they ran, in milliseconds. */
  ran(rows: number, waited: number, took: number): void;
}

/** Limits of a {@link TokenQueue}. */
export interface QueueLimits {
  max_batch_tokens?: number;
  max_batch_requests?: number;
}
