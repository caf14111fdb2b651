import type { Rule } from '../graph/hostvalues.ts';
import type { WeightLayout } from '../ops/kinds.ts';
import type { Bounds, Dim } from '../tensor/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/tensor.ts';

/** The symbol that says how many tokens the mask lets through. */
export const TOKENS = 'tokens';

/** Where a value lies: at a byte of the arena, in a constant, or where another value lies. */
export type Place = { arena: number } | { constant: number } | { view: number };

export interface ValueInfo {
  dtype: DType;
  /** At the sizes of the dummy inputs. */
  shape: Shape;
  /** In symbols, where it depends on any. */
  dims?: readonly Dim[];
  place: Place;
}

export interface ConstantInfo {
  dtype: DType;
  shape: Shape;
  layout: WeightLayout;
  /** Names of the tensors that lie below one another in it. */
  parts: string[];
}

/** An input or output. */
export interface Port {
  name: string;
  /** Index into `values`. */
  value: number;
}

/** Whole numbers that the host writes before a call (see graph/hostvalues.ts). */
export interface HostValueInfo {
  /** Index into `values`. */
  value: number;
  rule: Rule;
  /** Batch and sequence of the tokens. */
  grid: readonly Dim[];
  /** Whether only tokens that the mask lets through have rows. */
  masked: boolean;
  /** What the rule `fill` repeats. */
  fill?: number;
  /** Name of the input that the rule `kept` takes elements from. */
  input?: string;
}

/** An attribute that depends on symbols. */
export interface SymbolicWord {
  /** Index into the code. */
  word: number;
  dim: Dim;
}

/**
 * A trace without its weights. `code` is a flat buffer of instructions; each is an index into `ops` followed by one word
 * for each argument of that op's row that has one, in the row's order: KINDS says what it is.
 *
 * Code and places are those for the sizes of the dummy inputs. Calls may have other sizes: those in `symbols`, and how many tokens the mask lets
 * through. `dims` and `words` say what depends on them, and the rest follows from these (see runtime/specialise.ts).
 */
export interface Program {
  ops: string[];
  values: ValueInfo[];
  constants: ConstantInfo[];
  /** Named sizes and their bounds; the symbol `tokens` besides, which is how many tokens the mask lets through. */
  symbols: Bounds;
  inputs: Port[];
  hostValues: HostValueInfo[];
  outputs: Port[];
  /** Module path of each instruction. */
  paths: string[];
  /** Bytes of activations and scratch. */
  arena: number;
  /** Whether a call answers with one tensor or with a tuple. */
  structure: 'tensor' | 'tuple';
  code: Int32Array;
  words: SymbolicWord[];
}
