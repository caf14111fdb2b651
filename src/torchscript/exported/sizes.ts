import type { Bounds } from '../../tensor/dim.ts';
import type { ExampleInput, OpenSizes } from '../module.ts';
import type { Json } from './schema.ts';

/** What a size that has no upper bound is opened to, by its name; and others. */
const MOST: Readonly<Record<string, number>> = { batch: 64 };
const MOST_OTHERWISE = 512;

const SYMBOL = /^(?:Symbol\('(\w+)'.*\)|(\w+))$/;

/** An input of a program, with the symbols of its sizes. */
export interface SymbolicInput extends ExampleInput {
  readonly symbols: readonly (string | undefined)[];
}

/** The sizes of a tensor as they were, and the symbols that stand for them. */
export function sizesOf(meta: Json, ranges: Ranges): { shape: number[]; symbols: (string | undefined)[] } {
  const sizes = meta.objects('sizes').map((size) => {
    if (size.has('as_int')) return { size: Number(size.raw('as_int')) };
    const expression = size.object('as_expr');
    const [, quoted, plain] = SYMBOL.exec(expression.text('expr_str')) ?? [];
    const symbol = quoted ?? plain;
    const hint = expression.has('hint') ? expression.object('hint').raw('as_int') : undefined;
    const [low, high] = ranges.get(symbol) ?? [1, 1];
    return { symbol, size: Number.isSafeInteger(hint) ? Number(hint) : Math.min(high, Math.max(low, 2)) };
  });
  return { shape: sizes.map(({ size }) => size), symbols: sizes.map(({ symbol }) => symbol) };
}

export type Ranges = ReadonlyMap<string, readonly [low: number, high: number]>;

/** The bounds of each symbol, where the program says them. */
export function rangesOf(program: Json): Ranges {
  if (!program.has('range_constraints')) return new Map();
  const constraints = program.object('range_constraints');
  return new Map(
    constraints.keys.map((symbol) => {
      const range = constraints.object(symbol);
      const [low, high] = ['min_val', 'max_val'].map((key) => range.raw(key));
      return [symbol, [Math.max(1, typeof low === 'number' ? low : 1), typeof high === 'number' ? high : Infinity]] as const;
    }),
  );
}

/** Sizes that calls may choose, by names that tracing knows: the first dimension is `batch`, the last one `sequence`. */
export function openSizes(inputs: readonly SymbolicInput[], ranges: Ranges): OpenSizes | undefined {
  const names = new Map<string, string>();
  for (const { symbols } of inputs)
    for (const [axis, symbol] of symbols.entries()) {
      if (symbol === undefined || names.has(symbol) || !ranges.has(symbol)) continue;
      const usual = axis === 0 && symbols.length > 1 ? 'batch' : axis === symbols.length - 1 ? 'sequence' : symbol;
      names.set(symbol, [...names.values()].includes(usual) ? symbol : usual);
    }
  if (names.size === 0) return undefined;
  const dynamic: Bounds = Object.fromEntries(
    [...names].map(([symbol, name]) => {
      const [low, high] = ranges.get(symbol) as readonly [number, number];
      return [name, [low, Math.min(high, Math.max(low, MOST[name] ?? MOST_OTHERWISE))]];
    }),
  );
  const axes = inputs.map(({ name, symbols }) => [
    name,
    Object.fromEntries(symbols.flatMap((symbol, axis) => (symbol && names.has(symbol) ? [[axis, names.get(symbol) as string]] : []))),
  ]);
  return { dynamic, dynamic_axes: Object.fromEntries(axes) };
}
