import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';

/** A product of sizes: 2 · batch · sequence is `[2, 'batch', 'sequence']`, 1 is `[1]`. */
export type Term = readonly [factor: number, ...symbols: string[]];

/** A whole number, or a sum of products of named sizes. */
export type Dim = number | readonly Term[];

/** Numbers that symbols stand for in one call. */
export type Sizes = Readonly<Record<string, number>>;

/** The smallest and the largest number that a symbol may stand for. */
export type Bounds = Readonly<Record<string, readonly [low: number, high: number]>>;

export function evaluateDim(dim: Dim, sizes: Sizes): number {
  if (typeof dim === 'number') return dim;
  let sum = 0;
  for (const [factor, ...symbols] of dim) {
    let product = factor;
    for (const symbol of symbols) product *= sizes[symbol];
    sum += product;
  }
  return sum;
}

/** Dimensions at given sizes. */
export const shapeAt = (dims: readonly Dim[], sizes: Sizes): number[] => dims.map((dim) => evaluateDim(dim, sizes));

const MOST_SIZE = 2 ** 24;
/** A model is recorded at both ends of the bounds of every symbol. */
export const MOST_SYMBOLS = 8;

/** Whether `ends` are the least and the largest of sizes. */
export function isInterval(ends: unknown): ends is readonly [low: number, high: number] {
  if (!Array.isArray(ends) || ends.length !== 2 || !ends.every((end) => Number.isSafeInteger(end) && end > 0 && end < MOST_SIZE))
    return false;
  return ends[0] <= ends[1];
}

/** The symbol that `dim` is, if it is just that. */
export function symbolOf(dim: Dim): string | undefined {
  if (typeof dim === 'number' || dim.length !== 1) return undefined;
  const [[factor, ...symbols]] = dim;
  return factor === 1 && symbols.length === 1 ? symbols[0] : undefined;
}

export const isSymbolic = (dims: readonly Dim[]): boolean => dims.some((dim) => typeof dim !== 'number');

/** As people write it: `2·batch·sequence + 1`. */
export function showDim(dim: Dim): string {
  if (typeof dim === 'number') return String(dim);
  return dim
    .map(([factor, ...symbols]) => (factor === 1 && symbols.length > 0 ? symbols : [factor, ...symbols]).join('·'))
    .join(' + ')
    .replaceAll('+ -', '- ');
}

/** The corners of the box that `bounds` spans, each symbol at one of its two ends; bit i of a corner's index says which one symbol i is at. */
export function cornersOf(bounds: Bounds): Sizes[] {
  return Object.entries(bounds).reduce<Sizes[]>(
    (corners, [symbol, ends]) => ends.flatMap((size) => corners.map((corner) => ({ ...corner, [symbol]: size }))),
    [{}],
  );
}

/** The sum of products that has the given values at the corners of `bounds` (no two ends equal); undefined where factors are not whole. */
export function interpolate(values: readonly number[], bounds: Bounds): Dim | undefined {
  const terms = expand(values, Object.entries(bounds)).filter(([factor]) => factor !== 0);
  if (!terms.every(([factor]) => Number.isInteger(factor))) return undefined;
  if (terms.every((term) => term.length === 1)) return terms[0]?.[0] ?? 0;
  return terms;
}

/** Most that whole numbers are divided by to be the factors of a sum. */
const MOST_DIVISOR = 12;
const isNearWhole = (factor: number): boolean => Math.abs(factor - Math.round(factor)) < 1e-3;

/** A sum of products that values at the corners of `bounds`, as {@link interpolate} takes them, are nearly so many times each; undefined where there is none. */
export function proportional(values: readonly number[], bounds: Bounds): readonly Term[] | undefined {
  const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const reach = (symbols: readonly string[]): number => symbols.reduce((product, symbol) => product * bounds[symbol][1], 1);
  const terms = expand(values, Object.entries(bounds)).filter(([factor, ...of]) => Math.abs(factor) * reach(of) > 1e-6 * most);
  for (let divisor = 1; divisor <= MOST_DIVISOR && terms.length > 0; divisor++) {
    const factors = terms.map(([factor]) => (factor / terms[0][0]) * divisor);
    if (factors.every(isNearWhole)) return terms.map(([, ...of], i): Term => [Math.round(factors[i]), ...of]);
  }
  return undefined;
}

function expand(values: readonly number[], symbols: readonly [string, readonly [number, number]][]): Term[] {
  const last = symbols.at(-1);
  if (!last) return [[values[0]]];
  const [symbol, [low, high]] = last;
  const others = symbols.slice(0, -1);
  const half = values.length / 2;
  const slopes = values.slice(half).map((value, i) => (value - values[i]) / (high - low));
  const bases = slopes.map((slope, i) => values[i] - slope * low);
  return [...expand(slopes, others).map(([factor, ...of]): Term => [factor, ...of, symbol]), ...expand(bases, others)];
}

/** Reads a dimension of a file whose symbols are `symbols`. Throws `format` errors. */
export function parseDim(raw: unknown, symbols: readonly string[], what: string): Dim {
  if (Number.isSafeInteger(raw) && (raw as number) >= 0) return raw as number;
  const isTerm = (term: unknown): boolean =>
    Array.isArray(term) && Number.isSafeInteger(term[0]) && term.slice(1).every((symbol) => symbols.includes(symbol));
  if (Array.isArray(raw) && raw.length > 0 && raw.every(isTerm)) return raw as Term[];
  throw new TraceletError('format', {
    what,
    expected: `a whole number or products of ${symbols.join(', ') || 'no symbols'}`,
    got: describe(raw),
  });
}
