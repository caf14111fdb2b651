import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { type Bounds, type Dim, type Sizes, shapeAt, symbolOf } from '../tensor/dim.ts';
import { type Shape, sizeOf } from '../tensor/tensor.ts';
import { type Program, TOKENS } from './program.ts';

/** Whether only tokens that the mask lets through have rows. */
export const leavesTokensOut = ({ hostValues }: Program): boolean => hostValues.some(({ masked }) => masked);

/** How many tokens there are of which only those that the mask lets through have rows; undefined where all have. */
export function maskedTokens({ hostValues }: Program, sizes: Sizes): number | undefined {
  const masked = hostValues.find((one) => one.masked);
  return masked && sizeOf(shapeAt(masked.grid, sizes));
}

/** What symbols stand for in a call, told by inputs that are as large as one. */
export function sizesOf(inputs: readonly { dims?: readonly Dim[]; shape: Shape }[]): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const { dims, shape } of inputs)
    dims?.forEach((dim, axis) => {
      const symbol = symbolOf(dim);
      if (symbol !== undefined && axis in shape) sizes[symbol] ??= shape[axis];
    });
  return sizes;
}

/** All sizes of a call, at those of `base` but for those given. Throws `value` errors for those out of bounds. */
export function sizesFor(program: Program, base: Sizes, given: Sizes): Sizes {
  if (!isObject(given)) throw new TraceletError('value', { what: 'plan', expected: 'sizes by name', got: describe(given) });
  const sizes: Record<string, number> = { ...base };
  for (const [symbol, size] of Object.entries(given)) if (Number.isInteger(size)) sizes[symbol] = size;
  const tokens = maskedTokens(program, sizes);
  if (tokens !== undefined && given[TOKENS] === undefined) sizes[TOKENS] = tokens;
  const bounds: Bounds = tokens === undefined ? program.symbols : { ...program.symbols, [TOKENS]: [0, tokens] };
  for (const [symbol, size] of Object.entries(given)) {
    const known = Object.hasOwn(bounds, symbol);
    const [low, high] = known ? bounds[symbol] : [1, 0];
    if (!(Number.isInteger(size) && size >= low && size <= high))
      throw new TraceletError('value', {
        what: `plan: ${symbol}`,
        expected: known
          ? `a whole number from ${low} to ${high}`
          : `one of ${Object.keys(bounds).join(', ') || 'no sizes: the trace is strict'}`,
        got: describe(size),
      });
  }
  return sizes;
}
