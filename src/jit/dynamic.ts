import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import type { Graph } from '../graph/graph.ts';
import { ENCODER_SEQUENCE, sequenceOfInput } from '../graph/sequences.ts';
import { isCompact } from '../passes/compact.ts';
import { TOKENS } from '../program/program.ts';
import { type Bounds, cornersOf, isInterval, MOST_SYMBOLS, type Sizes } from '../tensor/dim.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import { aboveOne, answersAt, atSizes, sizesOfOne } from './ones.ts';
import type { TracedInput } from './record.ts';
import { type Sample, withNumbersOfSizes } from './sizenumbers.ts';
import { together } from './together.ts';
import { unify } from './unify.ts';

/** Which axes of each input are symbols, as in `torch.onnx.export`. */
export type DynamicAxes = Readonly<Record<string, Readonly<Record<number, string>>>>;

/** Any two numbers: how a graph depends on its tokens follows from both. */
const SOME_TOKENS: readonly [number, number] = [97, 101];

/** The symbols of each input's dimensions; undefined for those that are fixed. */
export type Axes = ReadonlyMap<string, readonly (string | undefined)[]>;

/** Where symbols without `dynamic_axes` stand in an input: `batch` comes first, and last the length of its sequence, before the width of what was encoded. */
function axisOf(symbol: string, { name, shape }: TracedInput): number[] {
  if (symbol === sequenceOfInput(name)) return [symbol === ENCODER_SEQUENCE ? 1 : shape.length - 1];
  return symbol === 'batch' && shape.length > 1 ? [0] : [];
}

/** Tells which dimensions of the dummy inputs are symbols. Throws `value` errors for symbols that are nowhere and bounds that cannot be. */
export function axesOf(inputs: readonly TracedInput[], bounds: Bounds, given: DynamicAxes = {}): { axes: Axes; sizes: Sizes } {
  const sizes: Record<string, number> = {};
  const count = Object.keys(bounds).length;
  if (count > MOST_SYMBOLS)
    throw new TraceletError('value', { what: 'dynamic', expected: `at most ${MOST_SYMBOLS} symbols`, got: `${count}` });
  const axes = new Map(inputs.map(({ name, shape }) => [name, shape.map(() => undefined as string | undefined)]));
  for (const [name, stated] of Object.entries(given)) checkStated(name, stated, axes.get(name), bounds);
  for (const [symbol, ends] of Object.entries(bounds)) {
    checkBounds(symbol, ends);
    for (const input of inputs) {
      const { name, shape } = input;
      const stated = Object.entries(given[name] ?? {}).flatMap(([axis, other]) => (other === symbol ? [Number(axis)] : []));
      for (const axis of given[name] ? stated : axisOf(symbol, input)) {
        if (!(axis in shape)) continue;
        sizes[symbol] ??= shape[axis];
        if (given[name] && shape[axis] !== sizes[symbol]) throw unequal(name, axis, symbol, `${sizes[symbol]}`, `${shape[axis]}`);
        if (shape[axis] === sizes[symbol]) (axes.get(name) as (string | undefined)[])[axis] = symbol;
      }
    }
    const size = sizes[symbol];
    if (size === undefined)
      throw new TraceletError('value', {
        what: `dynamic: ${symbol}`,
        expected: `batch, ${[...new Set(inputs.map(({ name }) => sequenceOfInput(name)))].join(', ')}, or a symbol of dynamic_axes`,
        got: 'a name that stands nowhere',
        cure: `Say where it stands: { dynamic_axes: { ${inputs[0].name}: { 0: '${symbol}' } } }`,
      });
    if (size < ends[0] || size > ends[1])
      throw new TraceletError('value', {
        what: `dummy inputs of ${symbol} ${size}`,
        expected: `${ends[0]} to ${ends[1]}, as dynamic says`,
        got: `${size}`,
      });
  }
  return { axes, sizes };
}

/**
 * Which symbols, and which stated axes, are those of the inputs of each of several methods. The first has to know what none has. Vectors that are as
 * wide as no sequence of the first is long have none.
 */
export function boundsFor(
  methods: readonly (readonly TracedInput[])[],
  bounds: Bounds,
  given: DynamicAxes = {},
): { bounds: Bounds; stated: DynamicAxes }[] {
  const [first, ...others] = methods;
  const stated = [given, ...others.map((inputs) => ({ ...vectorsIn(inputs, first, bounds), ...given }))];
  const stands = (symbol: string, i: number): boolean =>
    methods[i].some((input) => {
      const axes = stated[i][input.name];
      return isObject(axes) ? Object.values(axes).includes(symbol) : axisOf(symbol, input).length > 0;
    });
  const nowhere = (has: (i: number) => boolean): boolean => !methods.some((_, i) => has(i));
  const has = (name: string, i: number): boolean => methods[i].some((input) => input.name === name);
  const pick = <T>(entries: Readonly<Record<string, T>>, i: number, is: (name: string, at: number) => boolean): Record<string, T> =>
    Object.fromEntries(Object.entries(entries).filter(([name]) => is(name, i) || (i === 0 && nowhere((at) => is(name, at)))));
  return methods.map((_, i) => ({ bounds: pick(bounds, i, stands), stated: pick(stated[i], i, has) }));
}

/** The axes of inputs of floats whose last dimension is no length of a sequence in `first`. */
function vectorsIn(inputs: readonly TracedInput[], first: readonly TracedInput[], bounds: Bounds): DynamicAxes {
  const lengthOf = (symbol: string): number | undefined => first.find(({ name }) => sequenceOfInput(name) === symbol)?.shape.at(-1);
  const vectors = inputs.filter(({ name, dtype, shape }) => {
    const length = lengthOf(sequenceOfInput(name));
    return dtype === 'float32' && length !== undefined && length !== shape.at(-1);
  });
  const axesIn = ({ length }: Shape): Readonly<Record<number, string>> => (length > 1 && 'batch' in bounds ? { 0: 'batch' } : {});
  return Object.fromEntries(vectors.map(({ name, shape }) => [name, axesIn(shape)]));
}

const unequal = (name: string, axis: number, symbol: string, expected: string, got: string): TraceletError =>
  new TraceletError('value', {
    what: `dynamic_axes: ${name}: dimension ${axis}, ${symbol}`,
    expected: `${expected}, which ${symbol} is elsewhere`,
    got,
    cure: 'Give sizes that differ symbols of their own, or pass dummy inputs in which they are equal',
  });

function checkStated(name: string, stated: unknown, dims: readonly unknown[] | undefined, bounds: Bounds): void {
  const known = ([axis, symbol]: [string, unknown]): boolean =>
    dims !== undefined && axis in dims && typeof symbol === 'string' && Object.hasOwn(bounds, symbol);
  if (isObject(stated) && dims && Object.entries(stated).every(known)) return;
  throw new TraceletError('value', {
    what: `dynamic_axes: ${name}`,
    expected: 'an input, with a symbol of dynamic for each of some dimensions',
    got: dims ? describe(stated) : 'another name',
  });
}

function checkBounds(symbol: string, ends: unknown): void {
  if (!isInterval(ends))
    throw new TraceletError('value', {
      what: `dynamic: ${symbol}`,
      expected: '[low, high] in whole numbers from 1',
      got: describe(ends),
    });
  if (symbol === TOKENS || symbol in Object.prototype || !/^[A-Za-z_]\w*$/.test(symbol))
    throw new TraceletError('value', {
      what: `dynamic: ${symbol}`,
      expected: `a name other than ${TOKENS}, and of no property that every object has`,
      got: symbol,
    });
}

/** The inputs at other sizes. */
export const inputsAt = (inputs: readonly TracedInput[], axes: Axes, sizes: Sizes): TracedInput[] =>
  inputs.map((input) => {
    const symbols = axes.get(input.name) ?? [];
    return { ...input, shape: input.shape.map((size, i) => (symbols[i] === undefined ? size : sizes[symbols[i]])) };
  });

/** Sizes that calls may choose. */
export interface ChosenSizes {
  /** Those of the dummy inputs. */
  sizes: Sizes;
  bounds: Bounds;
  /** The graph of the same model at other sizes. */
  graphAt(sizes: Sizes): Graph;
  /** The dummy inputs by name. */
  inputs?: Readonly<Record<string, Tensor>>;
}

type Optimise = (graph: Graph, tokens?: number) => Graph;

/**
 * The optimised graph of a model at the dummies' sizes, with what depends on symbols in symbols. Its graphs at the ends of all bounds, at sizes
 * in between and at those of the dummies have to do the same; they are made one by one. Where those at sizes of 1 do less, what they answer is
 * compared. Throws `tracing` errors where they differ in more.
 */
export function* symbolicGraph(graph: Graph, chosen: ChosenSizes, optimise: Optimise): Generator<void, Graph> {
  const { sizes, bounds } = chosen;
  const varying: Bounds = Object.fromEntries(Object.entries(bounds).filter(([, [low, high]]) => low < high));
  const recorded = new Map([[JSON.stringify(sizes), graph]]);
  try {
    return yield* unified(sizes, varying, recorded, chosen, optimise);
  } catch (error) {
    const above = isTracing(error) ? aboveOne(varying) : undefined;
    const found = above && (yield* fromLarger(varying, above, recorded, chosen, optimise));
    if (found) return found;
    throw error;
  }
}

/** The graph of sizes from `above` on, if it answers at those of 1 as what is recorded there. */
function* fromLarger(
  varying: Bounds,
  above: Bounds,
  recorded: ReadonlyMap<string, Graph>,
  chosen: ChosenSizes,
  optimise: Optimise,
): Generator<void, Graph | undefined> {
  const { sizes, graphAt, inputs = {} } = chosen;
  const from = Object.fromEntries(Object.entries(sizes).map(([symbol, size]) => [symbol, Math.max(size, above[symbol]?.[0] ?? 1)]));
  const larger = new Map([...recorded].filter(([key]) => !isBelow(JSON.parse(key), above)));
  const found = yield* unified(from, above, larger, chosen, optimise);
  if (isCompact(found)) return undefined;
  for (const at of sizesOfOne(varying)) {
    yield;
    const known = { ...sizes, ...at };
    if (!answersAt(found, known, recorded.get(JSON.stringify(known)) ?? graphAt(known), inputs)) return undefined;
  }
  return { ...atSizes(found, sizes), bounds: varying };
}

/** Whether a graph could not be said at all sizes, or not be recorded. */
export const isTracing = (error: unknown): boolean => error instanceof TraceletError && error.code === 'tracing';
const isBelow = (sizes: Sizes, bounds: Bounds): boolean => Object.entries(bounds).some(([symbol, [low]]) => sizes[symbol] < low);

/** {@link symbolicGraph} of those bounds, from the graph at `sizes`. `recorded` holds graphs that are known, and gets all others. */
function* unified(
  sizes: Sizes,
  varying: Bounds,
  recorded: Map<string, Graph>,
  { graphAt }: ChosenSizes,
  optimise: Optimise,
): Generator<void, Graph> {
  const between = [...sizesBetween(varying), {}];
  const keys = new Set([JSON.stringify(sizes)]);
  for (const at of [{}, ...cornersOf(varying), ...between]) {
    yield;
    const known = { ...sizes, ...at };
    const key = JSON.stringify(known);
    keys.add(key);
    if (!recorded.has(key)) recorded.set(key, graphAt(known));
  }
  const known = [...keys].map((key) => ({ sizes: JSON.parse(key) as Sizes, graph: recorded.get(key) as Graph }));
  const alike = together(withNumbersOfSizes(known, varying));
  const graphs = new Map([...keys].map((key, i) => [key, alike[i]]));
  const base = { ...optimise(alike[0]), bounds: varying };
  const compacted = isCompact(base);
  if (!compacted && Object.keys(varying).length === 0) return base;
  const box: Bounds = compacted ? { ...varying, [TOKENS]: SOME_TOKENS } : varying;
  const ends = cornersOf(box);
  const samples: Sample[] = [];
  for (const at of [...ends, ...between.map((at) => ({ ...at, [TOKENS]: SOME_TOKENS[0] }))]) {
    yield;
    const { [TOKENS]: tokens, ...its } = { ...sizes, ...at };
    samples.push({ sizes: { ...its, [TOKENS]: tokens }, graph: optimise(graphs.get(JSON.stringify(its)) as Graph, tokens) });
  }
  yield;
  return unify(base, samples.slice(0, ends.length), samples.slice(ends.length), box);
}

/** Sizes within bounds at which models like to branch: next to the ends, in the middle, and around powers of two. */
function sizesBetween(bounds: Bounds): Sizes[] {
  const symbols = Object.entries(bounds).map(([symbol, [low, high]]) => {
    const powers = Array.from({ length: 12 }, (_, i) => 2 ** i).flatMap((power) => [power, power + 1]);
    const some = [low + 1, high - 1, (low + high) >> 1, ...powers].filter((size) => size > low && size < high);
    return [symbol, [...new Set(some)]] as const;
  });
  const count = Math.max(0, ...symbols.map(([, some]) => some.length));
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(symbols.map(([symbol, some], s) => [symbol, some[(i + 3 * s) % some.length] ?? bounds[symbol][0]])),
  );
}
