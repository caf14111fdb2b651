import type { Mutant } from './kind.ts';

/** Mutants of a kind that a child tries, from one number up to, but not, another. */
export interface Batch {
  kind: string;
  seed: number;
  from: number;
  to: number;
}

/** A mutant as it is written to a file. */
export interface Case extends Omit<Mutant, 'files'> {
  kind: string;
  /** What it was drawn by; draws its inputs as well. */
  name: string;
  /** In base64. */
  files: Record<string, string>;
}

export interface FoundCase extends Case {
  problem: string;
}

/** How many mutants had which outcome. */
export type Tally = Record<string, number>;

/** What a child is asked: a batch, the case of a number, or to try a case. */
export type Request = { try: Batch } | { show: Batch } | { replay: Case };

export interface Reply {
  tally: Tally;
  found: FoundCase[];
  shown?: Case;
  /** Why the child cannot go on. */
  failed?: string;
}

/** What a child writes of its progress while it has no mutant in hand. */
export const PREPARING = -1;
