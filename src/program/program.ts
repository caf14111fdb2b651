import type { Rule } from '../graph/derived.ts';
import type { Bounds, Dim } from '../tensor/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/tensor.ts';

/** The symbol that says how many tokens the mask lets through. */
export const ROWS = 'rows';

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

/** How a constant lies in memory: as it is, or in the panels that `linear` reads. */
export type WeightLayout = 'plain' | 'packed';

export interface ConstantInfo {
  dtype: DType;
  shape: Shape;
  layout: WeightLayout;
  /** Names of the tensors that lie below one another in it. */
  parts: string[];
}

/** An input or output. */
export interface NamedValue {
  name: string;
  /** Index into `values`. */
  value: number;
}

/** Whole numbers that the host writes before a call (see derived.ts). */
export interface DerivedInfo {
  /** Index into `values`. */
  value: number;
  rule: Rule;
  /** Batch and sequence of the tokens. */
  grid: readonly Dim[];
  /** Whether only tokens that the mask lets through have rows. */
  packed: boolean;
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
 * for each argument of that op's row but strides, in the row's order:
 *
 *   out, tensor   index into `values`, -1 for an optional operand left out
 *   scratch       byte offset into the arena
 *   int, attr     the number
 *   float         the bits of the float32
 *   activation    index into `ops`, -1 for none
 *   form          0: where the program runs, it is decided how integers are multiplied
 *
 * Code and places are those for the sizes of the dummy inputs. Where `symbols` or packed rows make others possible, what depends on them
 * stands beside: dimensions of values, and words of attributes. For other sizes the rest follows from these (see binding.ts).
 */
export interface Program {
  ops: string[];
  values: ValueInfo[];
  constants: ConstantInfo[];
  /** Named sizes and their bounds; the symbol `rows` besides, which is how many tokens the mask lets through. */
  symbols: Bounds;
  inputs: NamedValue[];
  derived: DerivedInfo[];
  outputs: NamedValue[];
  /** Module path of each instruction. */
  paths: string[];
  /** Bytes of activations and scratch. */
  arena: number;
  /** Whether a call answers with one tensor or with a tuple. */
  structure: 'tensor' | 'tuple';
  code: Int32Array;
  words: SymbolicWord[];
}

const bits = new DataView(new ArrayBuffer(4));

export function floatToWord(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

export function wordToFloat(word: number): number {
  bits.setInt32(0, word);
  return bits.getFloat32(0);
}
