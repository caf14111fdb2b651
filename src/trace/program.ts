import type { DType } from '../dtype.ts';
import type { Shape } from '../tensor.ts';

/** Where a value lies: at a byte of the arena, in a constant, or where another value lies. */
export type Place = { arena: number } | { constant: number } | { view: number };

export interface ValueInfo {
  dtype: DType;
  shape: Shape;
  place: Place;
}

/** How a constant lies in memory: as it is, or in the panels that `linear` reads. */
export type Layout = 'plain' | 'packed';

export interface ConstantInfo {
  dtype: DType;
  shape: Shape;
  layout: Layout;
  /** Names of the tensors that lie below one another in it. */
  parts: string[];
}

export interface Binding {
  name: string;
  /** Index into `values`. */
  value: number;
}

/**
 * A trace without its weights. `code` is a flat buffer of instructions; each is an index into `ops` followed by one word
 * for each argument of that op's row, in the row's order:
 *
 *   out, tensor   index into `values`, -1 for an optional operand left out
 *   scratch       byte offset into the arena
 *   int, attr     the number
 *   float         the bits of the float32
 *   activation    index into `ops`, -1 for none
 *   form          0: where the program runs, it is decided how integers are multiplied
 */
export interface Program {
  ops: string[];
  values: ValueInfo[];
  constants: ConstantInfo[];
  inputs: Binding[];
  outputs: Binding[];
  /** Module path of each instruction. */
  paths: string[];
  /** Bytes of activations and scratch. */
  arena: number;
  /** Whether a call answers with one tensor or with a tuple. */
  structure: 'tensor' | 'tuple';
  code: Int32Array;
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
