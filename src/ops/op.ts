import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/tensor.ts';

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
 *   stride      floats from a row of the result to the next, from `infer`; no word stands for it
 *   attr        a whole number given by the caller
 *   float       a number given by the caller
 *   activation  the name of an op that has an `epilogue`, or none
 *   form        how integers are multiplied, chosen where the program runs (src/kernels/integers.ts)
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
  | 'stride'
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

/**
 * How a call divides into parts that several threads run at once: into runs of units, which are rows, columns, heads or sequences. No
 * element of a result depends on where a part begins.
 */
export interface Split {
  /** The numbers that count the units; a part has less of each. */
  over: readonly string[];
  /** Parts begin at multiples of so many units; 1 unless given. */
  step?: number;
  /** Bytes from one unit to the next of each operand, and of `out`, that has the units. */
  strides: Readonly<Record<string, number>>;
}

export interface Row {
  /** In the order of the kernel's parameters, and of words in a trace and columns in a listing for those that have one. */
  args: Readonly<Record<string, Kind>>;
  /** Throws a `shape` error where operands do not fit. Optional operands that were left out are absent. */
  infer(shapes: Record<string, Shape>, attrs: Record<string, number>): Inferred;
  /** Floating-point operations of one call; takes ints and attrs alike. */
  flops(ints: Record<string, number>): number;
  /** Bytes moved, where that is not simply each operand once. */
  bytes?(ints: Record<string, number>): number;
  /** How a call is split among so many threads, or null where one thread does all of it. */
  split: ((ints: Record<string, number>, parts: number) => Split) | null;
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

const DTYPE_OF: Partial<Record<Kind, DType>> = {
  float32: 'float32',
  'float32?': 'float32',
  packed: 'float32',
  int32: 'int32',
  'int32?': 'int32',
  int8: 'int8',
  rows8: 'int8',
  uint8: 'uint8',
  rows4: 'uint8',
};

/** The dtype that an operand kind asks for, if it asks for a tensor at all. */
export const dtypeOf = (kind: Kind): DType | undefined => DTYPE_OF[kind];

/** Whether a kernel has an argument of this kind. */
export const hasKind = ({ args }: Row, kind: Kind): boolean => Object.values(args).includes(kind);

/** Whether an operand has to be a constant, because it is laid out for kernels when a program is loaded. */
export const isWeight = (kind: Kind): boolean => kind === 'packed' || kind === 'rows8' || kind === 'rows4';

/** The arguments that a word of the code stands for. */
export const wordsOf = ({ args }: Row): [name: string, kind: Kind][] => Object.entries(args).filter(([, kind]) => kind !== 'stride');

export const isOptional = (kind: Kind): boolean => kind.endsWith('?');
