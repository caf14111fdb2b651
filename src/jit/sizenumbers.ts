import { type Constant, type Graph, makeNode, type Node, operandsOf, rewrite, storageOf, type Value } from '../graph/graph.ts';
import type { Attributes } from '../ops/call.ts';
import * as functions from '../ops/functions.ts';
import { kindOf } from '../ops/kinds.ts';
import { type Bounds, cornersOf, evaluateDim, proportional, type Sizes, type Term } from '../tensor/dim.ts';
import { numbersOf } from '../tensor/elements.ts';
import { sameShape, Tensor } from '../tensor/tensor.ts';

/** A graph of one model at given sizes. */
export interface Sample {
  sizes: Sizes;
  graph: Graph;
}

/** A sum of products of sizes, to a power. */
interface Power {
  products: readonly Term[];
  power: number;
}

/** factor · the product of powers */
interface Formula {
  factor: number;
  powers: readonly Power[];
}

const POWERS = [1, -1, 0.5, -0.5, 2, -2];

/** How far numbers of float32 may be from what a formula says. */
const TOLERANCE = 2 ** -20;

/** Sums that float32 holds, and so what is counted is exact. */
const MOST_COUNTED = 2 ** 24;

const fits = (value: number, said: number): boolean => Object.is(value, said) || Math.abs(value - said) <= TOLERANCE * Math.abs(value);

/** Where the finite number of the largest magnitude stands. */
function largestIn(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i]) && !(Math.abs(values[i]) <= Math.abs(values[best]))) best = i;
  return best;
}

/** `powers` times what makes them all of `values`, one for each of `samples`; undefined where nothing does. */
function timesPowers(values: readonly number[], powers: readonly Power[], samples: readonly Sample[]): Formula | undefined {
  const counts = samples.map(({ sizes }) => powers.map(({ products }) => evaluateDim(products, sizes)));
  if (counts.flat().some((count) => Math.abs(count) >= MOST_COUNTED)) return undefined;
  const said = counts.map((those) => those.reduce((product, count, i) => product * count ** powers[i].power, 1));
  const most = largestIn(said);
  const factor = values[most] / said[most];
  return values.every((value, i) => fits(value, factor * said[i])) ? { factor, powers } : undefined;
}

/** What `values`, one for each of `samples`, follow from; undefined where no formula says all of them. */
function formulaOf(values: readonly number[], samples: readonly Sample[], bounds: Bounds, powers = POWERS): Formula | undefined {
  const at = (corner: Sizes): number =>
    values[samples.findIndex(({ sizes }) => Object.entries(corner).every(([symbol, size]) => sizes[symbol] === size))];
  const corners = cornersOf(bounds).map(at);
  for (const power of powers) {
    const roots = corners.map((value) => (power === 1 ? value : Math.abs(value) ** (1 / power)));
    const products = proportional(roots, bounds);
    const found = products && timesPowers(values, [{ products, power }], samples);
    if (found) return found;
  }
  const least = Object.fromEntries(Object.entries(bounds).map(([symbol, [low]]) => [symbol, low]));
  const each = Object.entries(bounds).map(([symbol, [low, high]]): Power => {
    const rise = Math.log(at({ ...least, [symbol]: high }) / at(least)) / Math.log(high / low);
    return { products: [[1, symbol]], power: Math.round(rise * 2) / 2 };
  });
  const moving = each.filter(({ power }) => power !== 0);
  return moving.length > 0 && moving.every(({ power }) => powers.includes(power)) ? timesPowers(values, moving, samples) : undefined;
}

const isUnnamed = ({ parts: [{ name }, ...others] }: Constant): boolean => others.length === 0 && /^constants\.\d+$/.test(name);

/** By how much the elements of each tensor are those of the first, all of them; undefined where they differ in more. */
function ratiosOf(tensors: readonly Tensor[]): number[] | undefined {
  if (tensors.every((tensor) => tensor === tensors[0])) return undefined;
  const [first, ...others] = tensors.map((tensor) => numbersOf(tensor.dtype, tensor.elements) as Float32Array);
  const most = largestIn(first);
  if (others.some(({ length }) => length !== first.length)) return undefined;
  const ratios = others.map((each) => each[most] / first[most]);
  const isTimes = (each: Float32Array, ratio: number): boolean => each.every((value, i) => fits(value, first[i] * ratio));
  return others.every((each, i) => isTimes(each, ratios[i])) ? [1, ...ratios] : undefined;
}

/** Ops that multiply by an attribute, and which operand may be that much larger instead. */
const FACTORS: Readonly<Record<string, readonly [attribute: string, operand: string]>> = {
  scale: ['factor', 'x'],
  ...Object.fromEntries(
    ['attention', 'cross_attention', 'relative_attention'].flatMap((op) => [op, `${op}_weights`]).map((op) => [op, ['scale', 'q']]),
  ),
};

/** What of a node is made of sizes. */
interface Found {
  factor?: Formula;
  /** By the names of operands that are constants. */
  constants: ReadonlyMap<string, Formula>;
}

/** What formulas say of nodes, and of constants that are outputs, by their places. */
interface AllFound {
  nodes: readonly (Found | undefined)[];
  outputs: readonly (Formula | undefined)[];
}

const isWeight = ({ row }: Node['call'], name: string): boolean => kindOf(row.args[name]).weight !== undefined;

/** What has to be a constant by the time a trace is loaded. */
const weightsIn = ({ nodes }: Graph): ReadonlySet<Value> =>
  new Set(
    nodes.flatMap(({ operands, call }) =>
      Object.entries(operands).flatMap(([name, value]) => (value && isWeight(call, name) ? storageOf(value) : [])),
    ),
  );

/** Finds formulas for what stands in one place in all samples. */
class Finder {
  readonly #samples: readonly Sample[];
  readonly #bounds: Bounds;

  constructor(samples: readonly Sample[], bounds: Bounds) {
    this.#samples = samples;
    this.#bounds = bounds;
  }

  all(): AllFound {
    const graphs = this.#samples.map(({ graph }) => graph);
    const weights = weightsIn(graphs[0]);
    return {
      nodes: graphs[0].nodes.map((node, i) => (weights.has(node) ? undefined : this.#node(graphs.map(({ nodes }) => nodes[i])))),
      outputs: graphs[0].outputs.map((_, i) => this.#constant(graphs.map(({ outputs }) => outputs[i]?.value ?? null))),
    };
  }

  #node(nodes: readonly Node[]): Found | undefined {
    const [{ op, operands, call }] = nodes;
    if (nodes.some((node) => node.op !== op)) return undefined;
    const free = Object.keys(operands).filter((name) => !isWeight(call, name));
    const formulas = free.map((name) => [name, this.#constant(nodes.map((node) => node.operands[name]))] as const);
    const constants = new Map(formulas.filter((entry): entry is [string, Formula] => entry[1] !== undefined));
    const factors = FACTORS[op] ? nodes.map(({ attrs }) => Number(attrs[FACTORS[op][0]])) : [];
    const differ = factors.some((factor) => factor !== factors[0]);
    const factor = differ ? formulaOf(factors, this.#samples, this.#bounds) : undefined;
    return factor || constants.size > 0 ? { factor, constants } : undefined;
  }

  /** What one constant of each sample is, as a multiple of the first. */
  #constant(values: readonly (Value | null)[]): Formula | undefined {
    const constants = values.map((value) => value && storageOf(value)).filter((value) => value?.kind === 'constant' && isUnnamed(value));
    if (constants.length < values.length) return undefined;
    const tensors = (constants as Constant[]).map(({ parts: [{ tensor }] }) => tensor);
    const [{ shape, dtype }] = tensors;
    if (tensors.some((tensor) => !sameShape(tensor.shape, shape) || tensor.dtype !== dtype)) return undefined;
    const ratios = ratiosOf(tensors);
    if (!ratios || ratios.every((ratio) => ratio === 1)) return undefined;
    return formulaOf(ratios, this.#samples, this.#bounds, dtype === 'int32' ? [1] : POWERS);
  }
}

/** Makes numbers of the sizes of a call. */
class Counting {
  /** What it made, in order. */
  readonly made: Node[] = [];
  readonly #sizes: Sizes;
  readonly #one: Constant;

  constructor({ sizes, graph }: Sample) {
    this.#sizes = sizes;
    const values = [...graph.nodes.flatMap(operandsOf), ...graph.outputs.map(({ value }) => value)].map(storageOf);
    const numbers = values.map((value) => (value.kind === 'constant' && isUnnamed(value) ? Number(value.parts[0].name.slice(10)) : -1));
    const name = `constants.${Math.max(-1, ...numbers) + 1}`;
    const tensor = new Tensor('float32', [1], Float32Array.of(1));
    this.#one = { kind: 'constant', dtype: 'float32', shape: [1], parts: [{ name, tensor }] };
  }

  /** `value`, floats or whole numbers, so many times. */
  times(value: Value, formula: Formula, path: string): Value {
    const isWhole = value.dtype === 'int32';
    const x = isWhole ? this.#make('to_float32', { x: value }, {}, path) : value;
    const product = this.#pair(functions.MUL, x, this.#number(formula, path), path);
    const base = isWhole ? this.#make('to_int32', { x: product }, {}, path) : product;
    return sameShape(base.shape, value.shape) ? base : { kind: 'view', base, dtype: base.dtype, shape: value.shape };
  }

  #number({ factor, powers }: Formula, path: string): Value {
    const product = powers.map((power) => this.#power(power, path)).reduce((a, b) => this.#pair(functions.MUL, a, b, path));
    return this.#scaled(product, factor, path);
  }

  #power({ products, power }: Power, path: string): Value {
    const terms = products.map(([count, ...symbols]) => {
      const counts = symbols.map((symbol) => this.#count(symbol, path));
      const product = counts.length > 0 ? counts.reduce((a, b) => this.#pair(functions.MUL, a, b, path)) : this.#one;
      return this.#scaled(product, count, path);
    });
    const sum = terms.reduce((a, b) => this.#pair(functions.ADD, a, b, path));
    const root = Math.abs(power) === 0.5 ? this.#make('unary', { x: sum }, { function: functions.SQRT }, path) : sum;
    const risen = Math.abs(power) === 2 ? this.#pair(functions.MUL, root, root, path) : root;
    return power < 0 ? this.#pair(functions.DIV, this.#one, risen, path) : risen;
  }

  /** How many a symbol stands for: the sum of so many ones. */
  #count(symbol: string, path: string): Value {
    const along = { offset: 0, d0: 1, d1: 1, d2: 1, d3: this.#sizes[symbol], s0: 0, s1: 0, s2: 0, s3: 0 };
    const base = this.#make('reduce', { x: this.#make('strided', { x: this.#one }, along, path) }, { function: functions.SUM }, path);
    return { kind: 'view', base, dtype: 'float32', shape: [1] };
  }

  #pair(of: number, a: Value, b: Value, path: string): Value {
    return this.#make('binary', { a, b }, { function: of }, path);
  }

  #scaled(x: Value, factor: number, path: string): Value {
    return factor === 1 ? x : this.#make('scale', { x }, { factor }, path);
  }

  #make(op: string, operands: Record<string, Value>, attrs: Attributes, path: string): Node {
    const node = makeNode(op, operands, attrs, { path });
    this.made.push(node);
    return node;
  }
}

/** A view of `base` as `value` is one of what that replaces. */
const viewOf = (value: Value, base: Value): Value => (value.kind === 'view' ? { ...value, base: viewOf(value.base, base) } : base);

/** The graph of a sample with what was found computed; constants are multiples of those in `first`. */
function counted(sample: Sample, { nodes, outputs }: AllFound, first: Graph): Graph {
  const { graph } = sample;
  const counting = new Counting(sample);
  const places = new Map(graph.nodes.map((node, i) => [node, i]));
  const timesOf = (value: Value, constant: Value, formula: Formula, path: string): Value =>
    viewOf(value, counting.times(storageOf(constant), formula, path));
  const made = rewrite(graph, (node, original) => {
    const at = places.get(original) as number;
    const { factor, constants = new Map<string, Formula>() } = nodes[at] ?? {};
    if (!factor && constants.size === 0) return node;
    const { op, path, attrs } = node;
    const operands = { ...node.operands };
    for (const [name, formula] of constants)
      operands[name] = timesOf(operands[name] as Value, first.nodes[at].operands[name] as Value, formula, path);
    if (!factor) return makeNode(op, operands, attrs, { path });
    const [attribute, operand] = FACTORS[op];
    operands[operand] = counting.times(operands[operand] as Value, factor, path);
    return op === 'scale' ? (operands[operand] as Value) : makeNode(op, operands, { ...attrs, [attribute]: 1 }, { path });
  });
  const before = counting.made.length;
  const ends = made.outputs.map(({ name, value }, i) => {
    const formula = outputs[i];
    return { name, value: formula ? timesOf(value, first.outputs[i].value, formula, '') : value };
  });
  return { ...made, nodes: [...made.nodes, ...counting.made.slice(before)], outputs: ends };
}

/**
 * Graphs of one model at several sizes, as many times as there are; factors and constants that are others at each are computed from the sizes of a
 * call where a formula says them: 1/sequence, √sequence. They are left as they are where none does.
 */
export function withNumbersOfSizes(samples: readonly Sample[], bounds: Bounds): Graph[] {
  const graphs = samples.map(({ graph }) => graph);
  const [first, ...others] = graphs;
  if (others.length === 0 || others.some(({ nodes }) => nodes.length !== first.nodes.length)) return graphs;
  const found = new Finder(samples, bounds).all();
  const isAny = [...found.nodes, ...found.outputs].some(Boolean);
  return isAny ? samples.map((sample) => counted(sample, found, first)) : graphs;
}
