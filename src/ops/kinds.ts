import type { DType } from '../tensor/dtype.ts';

/** What is computed, by the numbers of functions.ts: the set of general ops, which alone have such arguments, brings the names. */
export const functionNames = new Map<number, string>();

/** What such a number stands for, in words. */
export const functionName = (number: number): string => functionNames.get(number) ?? `${number}`;

/** How a constant lies in memory: as it is, or in the panels of 8 rows that `linear` reads (see assembly/panels.ts). */
export type WeightLayout = 'plain' | 'panels';

/** What the words of an instruction say. */
export interface Arguments {
  /** Index of the result among the values. */
  out: number;
  /** Indexes of the operands among the values; null where left out. */
  operands: Record<string, number | null>;
  numbers: Record<string, number>;
  /** The name of an op, or none. */
  activation: string;
  /** Byte offset into the arena. */
  scratch: number;
}

/** What a kernel is called with. */
export interface Passed {
  readonly out: number;
  readonly scratch: number;
  /** The numbers by which kernels know an activation, and a way to multiply integers. */
  readonly activation: number;
  readonly form: number;
  readonly numbers: Readonly<Record<string, number>>;
  /** Where an operand lies; 0 for one left out. */
  addressOf(operand: string): number;
}

/** What a caller may give. */
interface Given {
  fits(value: unknown, activations: readonly string[]): boolean;
  expected(activations: readonly string[]): string;
}

/** What an argument of a kernel is. */
export interface ArgumentKind {
  /** Of the tensor that it is, row-major. */
  dtype?: DType;
  /** Whether it may be of int32 as well, as all others are that are moved, and the result. */
  moved?: boolean;
  /** Whether it may be left out. */
  optional?: boolean;
  /** How it lies in memory if it has to be a constant, which is laid out when a program is loaded. */
  weight?: WeightLayout;
  /** What a caller may give, for arguments that callers give. */
  given?: Given;
  /** Whether it may depend on the sizes of a call. */
  symbolic?: boolean;
  /** The word that stands for it, among the names of `ops`; absent where none does. */
  toWord?(of: Arguments, name: string, ops: readonly string[]): number;
  /** Reads that word, where it says anything that does not follow from the rest. */
  fromWord?(word: number, into: Arguments, name: string, ops: readonly string[]): void;
  /** Its word in a listing, where that is not the word itself. */
  showWord?(word: number): string;
  /** What a listing of the graph says of it. */
  show?(of: Pick<Arguments, 'numbers' | 'activation'>, name: string): string | undefined;
  /** What the kernel gets: a pointer for tensors and scratch, else i32, or f32 for float. */
  pass(passed: Passed, name: string): number;
}

const bits = new DataView(new ArrayBuffer(4));

/** The bits of a float32. */
function floatToWord(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

function wordToFloat(word: number): number {
  bits.setInt32(0, word);
  return bits.getFloat32(0);
}

const shownFloat = (value: number): string => String(+value.toPrecision(7));

/** The word of an operand that was left out. */
export const ABSENT = -1;

const tensor = (dtype: DType, more: Pick<ArgumentKind, 'optional' | 'weight' | 'moved'> = {}): ArgumentKind => ({
  dtype,
  ...more,
  toWord: ({ operands }, name) => operands[name] ?? ABSENT,
  fromWord: (word, { operands }, name) => {
    operands[name] = word === ABSENT && more.optional ? null : word;
  },
  pass: ({ addressOf }, name) => addressOf(name),
});

const number = {
  toWord: ({ numbers }, name) => numbers[name],
  pass: ({ numbers }, name) => numbers[name],
} satisfies ArgumentKind;

const isWhole = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
const showNumber: ArgumentKind['show'] = ({ numbers }, name) => `${name}=${shownFloat(numbers[name])}`;

/** What arguments of kernels there are. Adding one is a row here. */
export const KINDS = {
  /** The result. */
  out: {
    toWord: ({ out }) => out,
    fromWord: (word, into) => {
      into.out = word;
    },
    pass: ({ out }) => out,
  },
  float32: tensor('float32'),
  /** Of 4 bytes each, float32 or int32, that are moved and not computed with. All such operands of a call, and its result, have one dtype. */
  elements: tensor('float32', { moved: true }),
  'float32?': tensor('float32', { optional: true }),
  int32: tensor('int32'),
  'int32?': tensor('int32', { optional: true }),
  int8: tensor('int8'),
  uint8: tensor('uint8'),
  /** A weight [n, k] in panels of 8 rows. */
  panels: tensor('float32', { weight: 'panels' }),
  /** The same of weights of 16 bits, of which panels hold two columns a word; k is even. */
  panels_bf16: tensor('bfloat16', { weight: 'panels' }),
  panels_f16: tensor('float16', { weight: 'panels' }),
  /** A table of 16-bit floats, behind which SLACK more bytes are readable. */
  rows_bf16: tensor('bfloat16', { weight: 'plain' }),
  rows_f16: tensor('float16', { weight: 'plain' }),
  /** An int8 weight [n, k], behind which SLACK more bytes are readable. */
  rows8: tensor('int8', { weight: 'plain' }),
  /** A uint8 weight of two nibbles a byte (see assembly/lib/nibbles.ts), likewise. */
  rows4: tensor('uint8', { weight: 'plain' }),
  /** Memory for the duration of the call; `infer` says how many bytes. */
  scratch: {
    toWord: ({ scratch }) => scratch | 0,
    fromWord: (word, into) => {
      into.scratch = word >>> 0;
    },
    pass: ({ scratch }) => scratch,
  },
  /** A dimension that `infer` derives from shapes and attrs. */
  int: number,
  /** Floats from a row of the result to the next, from `infer`. */
  stride: { pass: number.pass },
  /** A whole number given by the caller. */
  attr: {
    ...number,
    given: { fits: isWhole, expected: () => 'a whole number' },
    symbolic: true,
    fromWord: (word, { numbers }, name) => {
      numbers[name] = word;
    },
    show: showNumber,
  },
  /** The number of what is computed, among those of functions.ts. */
  function: {
    ...number,
    given: { fits: isWhole, expected: () => 'the number of a function' },
    fromWord: (word, { numbers }, name) => {
      numbers[name] = word;
    },
    showWord: functionName,
    show: ({ numbers }, name) => `${name}=${functionName(numbers[name])}`,
  },
  /** A number given by the caller. */
  float: {
    given: { fits: Number.isFinite, expected: () => 'a finite number' },
    toWord: ({ numbers }, name) => floatToWord(numbers[name]),
    fromWord: (word, { numbers }, name) => {
      numbers[name] = wordToFloat(word);
    },
    showWord: (word) => shownFloat(wordToFloat(word)),
    show: showNumber,
    pass: number.pass,
  },
  /** The name of an op that has an `epilogue`, or none. */
  activation: {
    given: {
      fits: (value, activations) => value === 'none' || activations.includes(value as string),
      expected: (activations) => `none or one of ${activations.join(', ')}`,
    },
    toWord: ({ activation }, _, ops) => ops.indexOf(activation),
    fromWord: (word, into, _, ops) => {
      into.activation = word === ABSENT ? 'none' : (ops[word] ?? `${word}`);
    },
    show: ({ activation }, name) => (activation === 'none' ? undefined : `${name}=${activation}`),
    pass: ({ activation }) => activation,
  },
  /** How integers are multiplied, chosen where the program runs (src/kernels/integers.ts). */
  form: {
    toWord: () => 0,
    pass: ({ form }) => form,
  },
} satisfies Record<string, ArgumentKind>;

export type Kind = keyof typeof KINDS;

export const kindOf = (kind: Kind): ArgumentKind => KINDS[kind];
