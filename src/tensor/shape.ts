import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { typedArrayName } from '../base/realm.ts';

/** Dimensions, the slowest first. */
export type Shape = readonly number[];

/** Number of elements of `shape`. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}

/** Strides of what lies in row-major order. Dimensions of size 1 have theirs as well. */
export const stridesOf = (shape: Shape): number[] => shape.map((_, i) => sizeOf(shape.slice(i + 1)));

export function sameShape(a: Shape, b: Shape): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return a.length === b.length;
}

/** What one typed array can hold in every engine. */
export const MOST_ELEMENTS = 2 ** 31 - 1;

/** Proves that `shape` is one. Throws a `shape` error. */
export function shapeOf(shape: unknown, what = 'tensor'): Shape {
  const dims = isList(shape) ? listOf(shape) : undefined;
  const whole = dims?.every((size) => Number.isSafeInteger(size) && (size as number) >= 0) && sizeOf(dims as number[]) <= MOST_ELEMENTS;
  if (whole) return dims as number[];
  throw new TraceletError('shape', {
    what,
    expected: `whole dimensions from 0, of at most ${MOST_ELEMENTS} elements`,
    got: dims ? `[${dims.map(describe)}]` : describe(shape),
  });
}

/** Whether it holds elements by number, as lists of dimensions do. */
const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || typedArrayName(value) !== undefined;

/** What it holds: nothing where its buffer is detached, whose iterator would throw. */
const listOf = (list: ArrayLike<unknown>): unknown[] => Array.prototype.slice.call(list);

/** The dimensions that were given one by one or as a list. */
export const dimsOf = (given: readonly unknown[]): Shape => (given.length === 1 && isList(given[0]) ? listOf(given[0]) : given) as Shape;

/** The dimension that `dim` counts, from the end where it is negative. Throws a `shape` error. */
export function dimension(shape: Shape, dim: number, what: string): number {
  const counted = Number.isInteger(dim) && dim < 0 ? dim + shape.length : dim;
  if (Number.isInteger(dim) && counted in shape) return counted;
  throw new TraceletError('shape', {
    what,
    expected: `a dimension of [${shape}], ${-shape.length} to ${shape.length - 1}`,
    got: describe(dim),
  });
}

/** `wanted` with its -1 filled in, checked to hold as many elements as `shape`. */
export function resolveShape(shape: Shape, wanted: Shape): Shape {
  if (!wanted.every(Number.isInteger))
    throw new TraceletError('shape', { what: 'reshape', expected: 'whole dimensions', got: describe([...wanted]) });
  const known = wanted.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const resolved = wanted.map((dim) => (dim === -1 ? sizeOf(shape) / known : dim));
  if (sizeOf(resolved) !== sizeOf(shape) || !resolved.every((dim) => Number.isInteger(dim) && dim >= 0))
    throw new TraceletError('shape', {
      what: 'reshape',
      expected: `a shape of ${sizeOf(shape)} elements`,
      got: `[${wanted}] from [${shape}]`,
    });
  return resolved;
}
