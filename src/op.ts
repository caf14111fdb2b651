import type { DType } from './dtype.ts';
import type { Shape } from './tensor.ts';

/**
 * What an argument of a kernel is. A kernel takes pointers for tensors and scratch, i32 for int, attr and activation, f32 for float.
 *
 *   out         the result
 *   float32 …   an operand of that dtype, row-major; `?` may be left out (pointer 0)
 *   packed      a [n, k] weight in panels of 8 rows (see assembly/pack.ts)
 *   rows8       an int8 weight [n, k], behind which SLACK more bytes are readable
 *   rows4       a uint8 weight of two nibbles a byte (see assembly/lib/nibbles.ts), likewise
 *   scratch     memory for the duration of the call; `infer` says how many bytes
 *   int         a dimension that `infer` derives from shapes and attrs
 *   attr        a whole number given by the caller
 *   float       a number given by the caller
 *   activation  the name of an op that has an `epilogue`, or none
 *   form        how integers are multiplied, chosen where the program runs (src/integers.ts)
 */
export type Kind =
  | 'out'
  | 'float32'
  | 'float32?'
  | 'int32'
  | 'int32?'
  | 'int8'
  | 'uint8'
  | 'packed'
  | 'rows8'
  | 'rows4'
  | 'scratch'
  | 'int'
  | 'attr'
  | 'float'
  | 'activation'
  | 'form';

/** Bytes behind integer weights that kernels may read, whatever is there. */
export const SLACK = 32;

/** What follows from the shapes of an op's operands and its attributes. */
export interface Inferred {
  shape: Shape;
  ints: Record<string, number>;
  scratch?: number;
}

export interface Row {
  /** In the order of the kernel's parameters, of words in a trace and of columns in a listing. */
  args: Readonly<Record<string, Kind>>;
  /** Throws a `shape` error where operands do not fit. Optional operands that were left out are absent. */
  infer(shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred;
  /** Floating-point operations of one call; takes ints and attrs alike. */
  flops(ints: Record<string, number>): number;
  /** Bytes moved, where that is not simply each operand once. */
  bytes?(ints: Record<string, number>): number;
  /** Operands with a row for each row of `out`, which is computed from these alone; the others are the same for all rows. */
  rowwise?: readonly string[];
  /** Operands that are rows of tokens [batch, sequence, …], or [rows, …] with `starts` that say which rows a sequence has. */
  sequences?: readonly string[];
  /** The operand that `out` may overwrite. */
  inPlace?: string;
  /** Elements of int32 operands lie in [0, bound). */
  bounds?: Readonly<Record<string, (ints: Record<string, number>) => number>>;
  /** Each element of these int32 operands is 0 to so many above the one before it. */
  steps?: Readonly<Record<string, (ints: Record<string, number>) => number>>;
  /** The number by which `linear` knows this op as its activation. */
  epilogue?: number;
  /** Integer arithmetic that is the same everywhere. A program with such an op runs all others unfused, so that its bits are, too. */
  exact?: boolean;
  /** The largest magnitude of the elements of its weight. */
  mostWeight?: number;
  doc: string;
}

const DTYPE_OF: Partial<Record<string, DType>> = {
  float32: 'float32',
  packed: 'float32',
  int32: 'int32',
  int8: 'int8',
  rows8: 'int8',
  uint8: 'uint8',
  rows4: 'uint8',
};

/** The dtype that an operand kind asks for, if it asks for a tensor at all. */
export const dtypeOf = (kind: Kind): DType | undefined => DTYPE_OF[kind.replace('?', '')];

/** Whether an operand has to be a constant, because it is laid out for kernels when a program is loaded. */
export const isWeight = (kind: Kind): boolean => kind === 'packed' || kind === 'rows8' || kind === 'rows4';

export const isOptional = (kind: Kind): boolean => kind.endsWith('?');
