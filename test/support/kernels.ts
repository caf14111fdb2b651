import { instantiateSync } from '@assemblyscript/loader';
import { platform } from '#platform';
import { binaryOf } from '../../src/kernels/binaries.ts';
import { INTEGER_FORMS, integerForms } from '../../src/kernels/integers.ts';
import '../../src/kernels/sets/index.ts';
import { type Kind, kindOf } from '../../src/ops/kinds.ts';
import { type Op, SLACK } from '../../src/ops/op.ts';
import { SETS, type SetName } from '../../src/ops/sets.ts';
import { OPS, type OpName } from '../../src/ops/table.ts';
import type { Variant } from '../../src/platform/platform.ts';
import { type Half, isHalf, raiseFloat16 } from '../../src/tensor/half.ts';
import { type Shape, sizeOf } from '../../src/tensor/tensor.ts';
import type { Case } from './cases.ts';
import { integersOf, type Operands, packed, stretchSums } from './formulas.ts';
import { asHalf, halfBits, packedHalves } from './halves.ts';
import { REFERENCE } from './reference.ts';

export const VARIANTS: Variant[] = ['debug', 'baseline', 'relaxed'];
/** The binaries that have the kernels of a variant. */
export const binariesOf = (variant: Variant) => [undefined, ...(Object.keys(SETS) as SetName[])].map((set) => binaryOf(variant, set));
export const runs = (variant: Variant): boolean => platform.kernelModule(variant) !== undefined;

/** The first page belongs to the binaries; everything behind is poison where nothing was placed. */
const BASE = 65536;
export const POISON = 0x7fc0dead;

export type Kernel = (...args: number[]) => void;

export interface Kernels {
  memory: WebAssembly.Memory;
  exports: Record<string, Kernel>;
}

const instances = new Map<string, Kernels>();
const SMALL = 3;
const LARGE = 16;

/** Kernels over a memory of their own, with assert messages decoded. */
export function instantiate(variant: Variant, pages: number): Kernels {
  const memory = new WebAssembly.Memory({ initial: pages });
  const kernels = binariesOf(variant).map((binary) => {
    const module = platform.kernelModule(binary);
    if (!module) throw new Error(`this engine does not run the ${binary} kernels`);
    return instantiateSync(module, { env: { memory } }).exports as unknown as Record<string, Kernel>;
  });
  return { memory, exports: Object.assign({}, ...kernels) };
}

/** The kernels that all tests of a variant share, over so many pages. */
export function kernelsOf(variant: Variant, pages = LARGE): Kernels {
  const key = `${variant} ${pages}`;
  const kernels = instances.get(key) ?? instantiate(variant, pages);
  instances.set(key, kernels);
  return kernels;
}

/** What is worked out once for each op and case. */
function memo<T>(make: (op: OpName, example: Case) => T): (op: OpName, example: Case) => T {
  const made = new Map<OpName, WeakMap<Case, T>>();
  return (op, example) => {
    const ofOp = made.get(op) ?? new WeakMap<Case, T>();
    made.set(op, ofOp);
    const value = ofOp.get(example) ?? make(op, example);
    ofOp.set(example, value);
    return value;
  };
}

/** Deterministic numbers in [-2, 2), some of them whole. */
export function noise(seed: number): () => number {
  let state = seed * 2654435761 + 1;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    const bits = (state ^ (state >>> 13)) >>> 0;
    return Math.fround(bits / 2 ** 30 - 2);
  };
}

/** Operands of a case, by name: what its ids, masks and sequences ask for, noise elsewhere. */
export const operandsOf = memo((op, { shapes, lengths, keyLengths = lengths, mask, gains }): Operands => {
  const row: Op = OPS[op];
  const operands: Operands = {};
  let seed = 1;
  for (const [name, kind] of Object.entries(row.args)) {
    const shape = shapes[name];
    const random = noise(seed++);
    if (!shape || !kindOf(kind).dtype) continue;
    const fill = (element: (i: number) => number) => Array.from({ length: sizeOf(shape) }, (_, i) => element(i));
    if (name === 'ids') operands.ids = fill((i) => (i * 7 + 3) % Math.max(1, shapes.table?.[0] ?? shapes.x.at(-1)));
    else if (name === 'index') operands.index = fill((i) => i + Math.floor(i / 3));
    else if (name === 'starts') operands.starts = cumulative(lengths ?? []);
    else if (name === 'key_starts') operands.key_starts = cumulative(keyLengths ?? []);
    else if (name === 'mask' || name === 'origin')
      operands[name] = (keyLengths ?? []).flatMap((n, b) => Array.from({ length: n }, (_, r) => mask?.(r, b) ?? 1));
    else if (name === 'places' || name === 'key_places')
      operands[name] = ((name === 'places' ? lengths : keyLengths) ?? []).flatMap((n) =>
        Array.from({ length: n }, (_, r) => r + Math.floor(r / 5)),
      );
    else if (name === 'condition') operands.condition = fill((i) => i % 3);
    else if (name === 'types') operands.types = fill((i) => i % 3);
    else if (name === 'positions') operands.positions = fill((i) => (i * i * 37) % 40_000);
    else if (kind === 'rows8') operands[name] = fill((i) => ((i * 37) % 129) - 64);
    else if (kindOf(kind).dtype === 'int8') operands[name] = fill((i) => ((i * 37) % 256) - 128);
    else if (kindOf(kind).dtype === 'uint8') operands[name] = fill((i) => (i * 73 + 11 * seed) % 256);
    else if (halfOf(kind))
      operands[name] = asHalf(
        halfOf(kind) as Half,
        fill((i) => (i % 7 === 3 ? 2 ** -20 : 1) * random() * (gains?.[name] ?? 1)),
      );
    else if (kind === 'int32') operands[name] = fill((i) => ((i * 37 + seed) % 7) - 3);
    else if (name === 'sums') operands.sums = stretchSums(integersOf(operands), operands.scale);
    else operands[name] = fill(() => Math.fround(random() * (gains?.[name] ?? 1)));
  }
  return operands;
});

/** The `starts` of sequences of given lengths. */
export function cumulative(lengths: number[]): number[] {
  const starts = [0];
  for (const length of lengths) starts.push(starts[starts.length - 1] + length);
  return starts;
}

export interface Run {
  /** The operand that the result overwrites. */
  inPlace?: boolean;
  /** The operand, or `out`, that ends where memory ends, so that any access behind it traps. */
  last?: string;
  /** The number of an integer form. */
  form?: number;
  /** Added to the address of every pointer that need not be a multiple of 16. */
  skew?: number;
}

/** A call laid out in memory. */
export interface Arranged {
  args: number[];
  numbers: Record<string, number>;
  out: number;
  outBytes: number;
  /** Bytes that the kernel may write: the result and scratch. */
  free: [at: number, bytes: number][];
  /** Behind the last operand. */
  top: number;
}

/** Fills the memory with poison and places the operands in it, 4 bytes behind a multiple of 16 unless their kind asks for more. */
export function arrange({ memory }: Kernels, op: OpName, operands: Operands, { shapes, attrs = {} }: Case, run: Run = {}): Arranged {
  const row: Op = OPS[op];
  const { shape, ints, scratch = 0 } = row.infer(shapes, attrs as Record<string, number>);
  const numbers: Record<string, number> = { ...ints, ...(attrs as Record<string, number>) };
  new Uint32Array(memory.buffer).fill(POISON, BASE / 4);

  let top = BASE;
  const place = (bytes: number, skew: number, name?: string): number => {
    if (name && name === run.last) return memory.buffer.byteLength - bytes - slackOf(row, name);
    const at = ((top + 79) & ~15) + skew;
    top = at + bytes;
    if (top + 64 > memory.buffer.byteLength) throw new Error(`${op}: the memory is too small for this case`);
    return at;
  };
  const skew = run.skew ?? 4;
  const outBytes = sizeOf(shape) * 4;
  const out = place(outBytes, op === 'panels' ? 0 : skew, 'out');
  const free: Arranged['free'] = [[out, outBytes]];
  const args = Object.entries(row.args).map(([name, kind]): number => {
    if (kind === 'out') return out;
    if (kind === 'scratch') {
      free.push([place(scratch, 0), scratch]);
      return free[1][0];
    }
    if (kind === 'activation') return (OPS as Record<string, Op>)[String(attrs[name])]?.epilogue ?? 0;
    if (kind === 'form') return run.form ?? 0;
    if (!kindOf(kind).dtype) return numbers[name];
    const values = operands[name];
    if (!values) return 0;
    const own = kindOf(kind).weight === 'panels' ? 0 : isBytes(kind) ? 1 : halfOf(kind) ? 2 : skew;
    const at = run.inPlace && name === row.inPlace ? out : place(bytesOf(kind, values, numbers), own, name);
    write(memory, at, kind, values, numbers);
    return at;
  });
  return { args, numbers, out, outBytes, free, top };
}

/** Calls a kernel with guard words around every buffer. Throws unless all bytes but the result's and the scratch's stay as they were. */
export function call(
  variant: Variant,
  op: OpName,
  operands: Operands,
  shapes: Record<string, Shape>,
  attrs: Case['attrs'] = {},
  run: Run = {},
): Float32Array {
  const elements = Object.values(operands).reduce((sum, values) => sum + values.length, 0);
  const kernels = kernelsOf(variant, elements < 2048 ? SMALL : LARGE);
  const { args, out, outBytes, free, top } = arrange(kernels, op, operands, { shapes, attrs }, run);
  const bytes = () => new Uint8Array(kernels.memory.buffer).slice(0, run.last ? undefined : top + 64);
  const before = bytes();
  kernels.exports[op](...args);
  const after = bytes();
  const result = new Float32Array(after.buffer.slice(out, out + outBytes));
  for (const [at, length] of free) after.set(before.subarray(at, at + length), at);
  if (Buffer.compare(before, after) !== 0)
    throw new Error(`${op} (${variant}) wrote outside its result, at byte ${before.findIndex((b, i) => b !== after[i]) - out} from it`);
  return result;
}

const EPSILON = 2 ** -24;
/** Below this a float32 is denormal and keeps fewer digits. */
export const SMALLEST = 1e-37;

/** What a case comes to by definition, and the numbers that its kernel is given. */
const definedFor = memo((op, example) => {
  const attrs = (example.attrs ?? {}) as Record<string, number>;
  const numbers = { ...(OPS[op] as Op).infer(example.shapes, attrs).ints, ...attrs };
  return { numbers, ...REFERENCE[op].of(operandsOf(op, example), numbers, attrs) };
});

/** What is wrong with the first element of `result` that is farther from the definition than its tolerance; undefined if none is. */
export function firstError(op: OpName, example: Case, result: Float32Array): string | undefined {
  const { values, sizes, numbers } = definedFor(op, example);
  if (result.length !== values.length) return `${result.length} elements, not ${values.length}`;
  const units = REFERENCE[op].tolerance(numbers);
  const bits = new Uint32Array(result.buffer, result.byteOffset, result.length);
  const got = (OPS[op] as Op).result === 'int32' ? new Int32Array(bits.buffer, bits.byteOffset, bits.length) : result;
  for (let i = 0; i < result.length; i++) {
    const wanted = values[i];
    if (wanted === undefined) {
      if (bits[i] !== POISON) return `element ${i} belongs to no sequence, yet was written`;
      continue;
    }
    if (got[i] === Math.fround(wanted) || (Number.isNaN(wanted) && Number.isNaN(got[i]))) continue;
    const allowed = units === 0 ? 0 : units * EPSILON * Math.abs(sizes?.[i] ?? wanted) + SMALLEST;
    if (!(Math.abs(got[i] - wanted) <= allowed)) return `element ${i} is ${got[i]}, not ${wanted} within ${allowed}`;
  }
  return undefined;
}

const isBytes = (kind: Kind): boolean => kindOf(kind).dtype === 'int8' || kindOf(kind).dtype === 'uint8';

const halfOf = (kind: Kind): Half | undefined => {
  const { dtype } = kindOf(kind);
  return dtype && isHalf(dtype) ? dtype : undefined;
};

const slackOf = ({ args }: Op, name: string): number => (kindOf(args[name] ?? 'out').weight === 'plain' ? SLACK : 0);

/** Bytes of an operand in memory. */
export function bytesOf(kind: Kind, values: ArrayLike<number>, { n, k }: Record<string, number>): number {
  const size = isBytes(kind) ? 1 : halfOf(kind) ? 2 : 4;
  return size * (kindOf(kind).weight === 'panels' ? Math.ceil(n / 8) * 8 * k : values.length);
}

function write({ buffer }: WebAssembly.Memory, at: number, kind: Kind, values: ArrayLike<number>, { n, k }: Record<string, number>): void {
  const half = halfOf(kind);
  if (isBytes(kind)) new Int8Array(buffer, at, values.length).set(values);
  else if (half) {
    const bits = halfBits(half, values);
    const inPanels = kindOf(kind).weight === 'panels';
    if (inPanels && half === 'float16') raiseFloat16(bits);
    const elements = inPanels ? packedHalves(bits, n, k) : bits;
    new Uint16Array(buffer, at, elements.length).set(elements);
  } else if (kindOf(kind).dtype === 'int32') new Int32Array(buffer, at, values.length).set(values);
  else {
    const elements = kind === 'panels' ? packed(values, n, k) : values;
    new Float32Array(buffer, at, elements.length).set(elements);
  }
}

/** The bits of float32 values, to be compared where NaN and the sign of 0 count. */
export const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Uint32Array => new Uint32Array(buffer, byteOffset, length);

/** The ways to multiply integers that a variant has here. */
export const formsOf = (variant: Variant): number[] =>
  (variant === 'relaxed' ? integerForms() : (['dot16'] as const)).map((form) => INTEGER_FORMS[form].number);
