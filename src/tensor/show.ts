import type { DType, TypedArray } from './dtype.ts';

/** What `console.log` of Node, Bun and Deno asks of a value. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');
export const DENO_INSPECT: unique symbol = Symbol.for('Deno.customInspect');

/** More elements than this are shown by the first and last few of each dimension. */
const MOST = 128;
const EDGE = 3;
const DIGITS = 5;

function showNumber(value: number | bigint, dtype: DType): string {
  if (dtype === 'bool') return String(value !== 0);
  if (typeof value === 'bigint' || Number.isInteger(value)) return Object.is(value, -0) ? '-0' : String(value);
  return String(Number(value.toPrecision(DIGITS)));
}

/** A tensor in words, as PyTorch shows it: `tensor([[1.5, 2], [3, 4]], shape=[2, 2], dtype=float32)`. */
export function showTensor(dtype: DType, shape: readonly number[], numbers: TypedArray): string {
  const short = numbers.length > MOST;
  const show = (dim: number, offset: number, step: number): string => {
    if (dim === shape.length) return showNumber(numbers[offset], dtype);
    const size = shape[dim];
    const inner = size === 0 ? 0 : step / size;
    const skips = short && size > 2 * EDGE;
    const shown = Array.from({ length: skips ? 2 * EDGE : size }, (_, i) =>
      show(dim + 1, offset + (skips && i >= EDGE ? size - 2 * EDGE + i : i) * inner, inner),
    );
    if (skips) shown.splice(EDGE, 0, '...');
    return `[${shown.join(dim === shape.length - 1 ? ', ' : `,\n${' '.repeat('tensor('.length + dim + 1)}`)}]`;
  };
  return `tensor(${show(0, 0, numbers.length)}, ${describeTensor(dtype, shape)})`;
}

export const describeTensor = (dtype: DType, shape: readonly number[]): string => `shape=[${shape.join(', ')}], dtype=${dtype}`;

/** A number as JSON has it, or as a string where it has none. */
export function jsonOf(value: number | bigint): number | string {
  const number = Number(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(number) ? number : String(value);
  return Number.isFinite(number) ? number : String(number);
}
