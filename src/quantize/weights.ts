import { TraceletError } from '../base/error.ts';
import { SCALE, SMOOTH, STEPS, SUMS } from '../formats/trace.ts';
import { type Constant, type Graph, type Node, storageOf, type Value } from '../graph/graph.ts';
import { contentOf } from '../jit/unify.ts';
import { spellingsAmong } from '../models/names.ts';
import { GROUP, MOST_WEIGHT } from '../ops/limits.ts';
import { unpackNibbles } from '../ops/nibbles.ts';
import { smoothOf } from '../runtime/smooth.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { TracedModule } from '../traced/traced.ts';
import type { InputStatistics } from './calibrate.ts';
import { MOST_ENTRY, type Rounded, roundRows4, roundRows8 } from './round.ts';

export type Bits = 8 | 4;

/** What stands for a float weight. */
export interface Quantised extends Rounded {
  bits: Bits;
  /** Multiplies the columns of what the weight is multiplied with. */
  smooth?: Float32Array;
}

/** A weight that a graph multiplies with or looks up in. */
export interface WeightUse {
  constant: Constant;
  op: 'linear' | 'embedding';
  /** Of its first tensor. */
  name: string;
  /** Indexes of the nodes that read it. */
  nodes: number[];
}

/** Lookup tables below this stay float32 in memory: they are small, and their ops have no integer form. */
const LARGE_TABLE = 1024;

const weightOf = ({ op, operands }: Node): Value | null | undefined =>
  op === 'linear' ? operands.weight : op === 'embedding' ? operands.table : undefined;

/** The weights that can be quantised: constants that nothing reads but products, or nothing but lookups. */
export function weightUsesOf({ nodes, outputs }: Graph): Map<string, WeightUse> {
  const uses = new Map<string, WeightUse>();
  const others = new Set<string>();
  const read = (value: Value): void => {
    const storage = storageOf(value);
    if (storage.kind === 'constant') for (const { name } of storage.parts) others.add(name);
  };
  for (const { value } of outputs) read(value);
  nodes.forEach((node, at) => {
    const weight = weightOf(node);
    for (const operand of Object.values(node.operands)) if (operand && operand !== weight) read(operand);
    if (weight?.kind !== 'constant') return;
    const name = weight.parts[0].name;
    const known = uses.get(name);
    if (known) known.nodes.push(at);
    else uses.set(name, { constant: weight, op: node.op as WeightUse['op'], name, nodes: [at] });
  });
  for (const [name, { constant, op, nodes: readers }] of uses) {
    const alike = readers.every((at) => nodes[at].op === op && weightOf(nodes[at]) === constant);
    const shared = constant.parts.some((part) => others.has(part.name));
    if (!alike || shared || (op === 'embedding' && constant.shape[0] < LARGE_TABLE)) uses.delete(name);
  }
  return uses;
}

/** Names of tables and weights that hold the same numbers, as untied decoders and their embeddings do. */
export function sharedTables(uses: ReadonlyMap<string, WeightUse>): Set<string> {
  const single = [...uses.values()].filter(({ constant }) => constant.parts.length === 1);
  const tables = single.filter(({ op }) => op === 'embedding');
  const shapes = new Set(tables.map(({ constant }) => constant.shape.join()));
  const numbersOf = ({ constant: { shape, parts } }: WeightUse): string => `${shape} ${contentOf(parts[0].tensor)}`;
  const products = single.filter(({ op, constant }) => op === 'linear' && shapes.has(constant.shape.join()));
  const twins = new Map(products.reverse().map((product) => [numbersOf(product), product.name]));
  const shared = tables.map((table) => [table.name, products.length ? twins.get(numbersOf(table)) : undefined] as const);
  return new Set(shared.flatMap(([table, twin]) => (twin === undefined ? [] : [table, twin])));
}

/** The elements of a constant, its tensors one after the other. Throws a `value` error for NaN and infinity. */
export function valuesOf({ shape, parts }: Constant): Float32Array {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let at = 0;
  for (const { name, tensor } of parts) {
    const data = tensor.data as Float32Array;
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new TraceletError('value', { what: `${name}[${bad}]`, expected: 'a finite number to quantise', got: `${data[bad]}` });
    values.set(data, at);
    at += data.length;
  }
  return values;
}

/** How much of the range is moved from activations to weights: alpha of SmoothQuant (Xiao et al. 2022). */
const ALPHA = 0.5;
const LEAST = 1e-5;
/** What an unused column counts, beside the mean of all: samples do not show everything. */
const LEAST_IMPORTANCE = 0.01;

/**
 * Rounds a weight. `seen` is what it is multiplied with: with it, columns are rescaled so that both sides round well, and errors count
 * by how much their column is used. A table that is also multiplied with (`shared`) is rounded as that weight is, so a file holds it once.
 */
export function quantiseWeight(
  { constant, op }: WeightUse,
  values: Float32Array,
  wanted: Bits,
  seen?: InputStatistics,
  shared = false,
): Quantised {
  const [rows, cols] = constant.shape;
  const smooth = seen && !shared ? smoothing(values, rows, cols, seen) : undefined;
  const scaled = smooth ? values.map((value, i) => value / smooth[i % cols]) : values;
  const importance = new Float64Array(cols).fill(1);
  if (smooth && seen) {
    const squares = smooth.map((factor, c) => seen.square[c] * factor ** 2);
    const floor = LEAST_IMPORTANCE * (squares.reduce((a, b) => a + b) / cols);
    importance.forEach((_, c) => {
      importance[c] = squares[c] + floor;
    });
  }
  const matrix = { values: scaled, rows, cols, importance };
  const bits = cols % GROUP === 0 ? wanted : 8;
  const most = op === 'embedding' && !shared ? MOST_ENTRY : MOST_WEIGHT;
  return { ...(bits === 4 ? roundRows4(matrix) : roundRows8(matrix, most)), bits, smooth };
}

function smoothing(values: Float32Array, rows: number, cols: number, { largest }: InputStatistics): Float32Array {
  const peaks = new Float32Array(cols);
  for (let row = 0; row < rows; row++) for (let c = 0; c < cols; c++) peaks[c] = Math.max(peaks[c], Math.abs(values[row * cols + c]));
  return peaks.map((peak, c) => Math.max(LEAST, peak) ** (1 - ALPHA) / Math.max(LEAST, largest[c]) ** ALPHA);
}

/** The weight as a quantised trace of the same model has it, if it does. */
export function weightLike({ constant }: WeightUse, like: TracedModule<unknown>): Quantised | undefined {
  const { constants } = like.instance;
  const known = constants.names();
  const held = (part: string): string | undefined => spellingsAmong(known, part).find((spelling) => known.has(spelling + SCALE));
  const names = constant.parts.map((part) => held(part.name)).filter((part) => part !== undefined);
  if (names.length < constant.parts.length) return undefined;
  const bytes = (suffix: string) => joined(names.map((part) => constants.part(part + suffix).tensor.data as Int8Array | Uint8Array));
  const scale = Float32Array.from(names.flatMap((part) => [...(constants.part(part + SCALE).tensor.data as Float32Array)]));
  const [name] = names;
  const smooth = smoothOf(like.instance).get(name + SMOOTH)?.tensor.data as Float32Array | undefined;
  if (!known.has(name + STEPS)) return { bits: 8, integers: new Int8Array(bytes('').buffer), scale, smooth };
  const [nibbles, steps] = [bytes(''), bytes(STEPS)];
  return { bits: 4, nibbles, steps, integers: unpackNibbles(nibbles, steps), scale, smooth };
}

function joined(pieces: readonly (Int8Array | Uint8Array)[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const { buffer, byteOffset, length } of pieces) {
    all.set(new Uint8Array(buffer, byteOffset, length), at);
    at += length;
  }
  return all;
}

/** Constants of a quantised weight for an integer op. Their tensors lie below one another as those of the float weight do. */
export function constantsOf(
  { constant, name }: WeightUse,
  { bits, integers, nibbles, steps, scale, smooth }: Quantised,
  sums: Float32Array,
) {
  const [rows, cols] = constant.shape;
  const below = (suffix: string, dtype: 'int8' | 'uint8' | 'float32', data: Int8Array | Uint8Array | Float32Array): Constant => {
    const width = data.length / rows;
    const flat = suffix === SCALE;
    let at = 0;
    const parts = constant.parts.map(({ name: part, tensor }) => {
      const own = tensor.shape[0];
      const piece = data.slice(at * width, (at + own) * width);
      at += own;
      return { name: part + suffix, tensor: new Tensor(dtype, flat ? [own] : [own, width], piece) };
    });
    return { kind: 'constant', dtype, shape: flat ? [rows] : [rows, width], parts };
  };
  const alone = (suffix: string, shape: readonly number[], data: Float32Array): Constant => ({
    kind: 'constant',
    dtype: 'float32',
    shape,
    parts: [{ name: name + suffix, tensor: new Tensor('float32', shape, data) }],
  });
  return {
    weight: bits === 4 ? below('', 'uint8', nibbles as Uint8Array) : below('', 'int8', integers),
    steps: bits === 4 ? below(STEPS, 'uint8', steps as Uint8Array) : undefined,
    scale: below(SCALE, 'float32', scale),
    sums: alone(SUMS, [sums.length / rows, rows], sums),
    smooth: smooth ? alone(SMOOTH, [cols], smooth) : undefined,
  };
}
