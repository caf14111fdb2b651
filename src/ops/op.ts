import type { DType } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/tensor.ts';
import { type Kind, kindOf } from './kinds.ts';

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

/**
 * The op that answers queries of other sequences as an op on sequences does its own: with operands and attributes of the same names, but for those that say which
 * rows keys have, and `starts` and `places` of queries.
 */
export interface Apart {
  op: string;
  /** Operands with a row for each row of `out`; all others are those of keys. */
  queries: readonly string[];
  /** Whether a query that sees no key, as a mask may have it, is given the mean of all. */
  sideways?: true;
}

/** A row of the op table. */
export interface Op {
  /** In the order of the kernel's parameters, and of words in a trace and columns in a listing for those that have one. */
  args: Readonly<Record<string, Kind>>;
  /** The dtype of the result; unless given that of operands which are moved, else float32. */
  result?: DType;
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
  /** Operands that are rows of tokens [batch, sequence, …], or [tokens, …] with `starts` that say which rows a sequence has. */
  sequences?: readonly string[];
  /** Operands that are rows of tokens of other sequences, to which `mask` belongs: [batch, sequence, …], or [tokens, …] with `key_starts`. */
  keys?: readonly string[];
  /** Ops that take the rows of an `x` which this one takes of its own, by the dtype of that: one of each sequence, which follows from mask and starts. */
  picks?: Readonly<Partial<Record<DType, string>>>;
  /** What computes some rows of `out` alone. */
  apart?: Apart;
  /** Whether its mask has an entry for every token, also where tokens that it rules out have no rows. */
  asksMask?: boolean;
  /** The operand that `out` may overwrite. */
  inPlace?: string;
  /** Elements of int32 operands lie in [0, bound). */
  bounds?: Readonly<Record<string, (ints: Record<string, number>) => number>>;
  /** Each element of these int32 operands is 0 to so many above the one before it. */
  steps?: Readonly<Record<string, (ints: Record<string, number>) => number>>;
  /** Int32 operands by which the kernel finds its way in memory without looking at them: no op may compute them. */
  trusted?: readonly string[];
  /** The number by which `linear` knows this op as its activation. */
  epilogue?: number;
  /** The op of the same operands that computes the same for more shapes, and the function that it has to compute. */
  general?: { op: string; function: string };
  /** Integer arithmetic that is the same everywhere. A program with such an op runs all others unfused, so that its bits are, too. */
  exact?: boolean;
  /** The largest magnitude of the elements of its weight. */
  mostWeight?: number;
}

/** Whether a kernel has an argument of this kind. */
export const hasKind = ({ args }: Op, kind: Kind): boolean => Object.values(args).includes(kind);

/** The arguments that a word of the code stands for. */
export const wordsOf = ({ args }: Op): [name: string, kind: Kind][] => Object.entries(args).filter(([, kind]) => kindOf(kind).toWord);
