import { TraceletError } from '../base/error.ts';
import { broadcastShape } from '../ops/broadcast.ts';
import { type Shape, sameShape, sizeOf } from '../tensor/tensor.ts';

/** The dimension that `dim` means among `rank`; negative ones count from the end. */
export function axisOf(dim: number, rank: number, what: string): number {
  const axis = dim < 0 ? dim + rank : dim;
  if (Number.isInteger(axis) && axis >= 0 && axis < rank) return axis;
  throw new TraceletError('shape', { what, expected: `a dimension from ${-rank} to ${rank - 1}`, got: `${dim}` });
}

/** The shape of what an op by element makes of operands of these shapes. Throws `shape` errors where they do not fit. */
export function broadcast(shapes: readonly Shape[], what: string): Shape {
  const shape = broadcastShape(shapes);
  if (shape) return shape;
  throw new TraceletError('shape', {
    what,
    expected: 'shapes that fit by element',
    got: shapes.map((each) => `[${each}]`).join(' and '),
  });
}

/** `wanted` with the dimension in it that is -1, if there is one. Throws `shape` errors where `size` elements do not fit. */
export function resolved(wanted: readonly number[], size: number, what: string): number[] {
  const known = wanted.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const shape = wanted.map((dim) => (dim === -1 ? size / known : dim));
  if (wanted.filter((dim) => dim === -1).length < 2 && shape.every((dim) => Number.isInteger(dim) && dim >= 0) && sizeOf(shape) === size)
    return shape;
  throw new TraceletError('shape', {
    what,
    expected: `a shape of ${size} elements`,
    got: `[${wanted}]`,
    cure: 'Sizes that were written into a program hold for no other input: give one of the sizes that it was made for',
  });
}

/** What moving through a tensor by one in each dimension adds: places in memory, or the value of a form. */
export type Steps = readonly number[];

/**
 * Steps of the elements of `shape` once they are seen as `wanted`, of as many; undefined where no steps say it. Dimensions of equal size are
 * taken for the same from the last on, and those of size 1 that come in get `spare`.
 */
export function restepped(
  shape: Shape,
  steps: Steps,
  wanted: Shape,
  spare: (next: number | undefined, size: number) => number,
): Steps | undefined {
  if (sameShape(shape, wanted)) return steps;
  const out: number[] = new Array(wanted.length);
  let [i, j] = [shape.length - 1, wanted.length - 1];
  while (i >= 0 || j >= 0) {
    if (i >= 0 && j >= 0 && shape[i] === wanted[j]) out[j--] = steps[i--];
    else if (j >= 0 && wanted[j] === 1) {
      out[j] = i < 0 ? spare(extentOf(out.slice(j + 1), wanted.slice(j + 1)), 1) : spare(out[j + 1], wanted[j + 1]);
      j--;
    } else if (i >= 0 && shape[i] === 1) i--;
    else {
      const run = runOf(shape, steps, i, wanted, j);
      if (!run) return undefined;
      for (let step = steps[i]; j > run.above; step *= wanted[j--]) out[j] = step;
      i = run.below;
    }
  }
  return out;
}

/** The step that leads past all elements of `shape`, in whatever order they lie: that of a dimension before all others. */
export const extentOf = (steps: Steps, shape: Shape): number | undefined =>
  steps.length > 0 ? Math.max(...steps.map((step, i) => step * shape[i])) : undefined;

/** The dimensions up to i and up to j that hold the same elements, where one step leads through the former; the ones before either. */
function runOf(shape: Shape, steps: Steps, i: number, wanted: Shape, j: number): { below: number; above: number } | undefined {
  let [have, need, below, above] = [shape[i], wanted[j], i - 1, j - 1];
  let extent = steps[i] * have;
  while (have !== need) {
    if (have < need) {
      if (below < 0) return undefined;
      if (shape[below] !== 1) {
        if (steps[below] !== extent) return undefined;
        extent *= shape[below];
      }
      have *= shape[below--];
    } else {
      if (above < 0) return undefined;
      need *= wanted[above--];
    }
  }
  return { below, above };
}

/** The places in memory of all elements in order. */
export function* placesOf(shape: Shape, steps: Steps, start: number): Generator<number> {
  const at = shape.map(() => 0);
  let place = start;
  for (let count = sizeOf(shape); count > 0; count--) {
    yield place;
    for (let dim = shape.length - 1; dim >= 0; dim--) {
      place += steps[dim];
      if (++at[dim] < shape[dim]) break;
      place -= steps[dim] * shape[dim];
      at[dim] = 0;
    }
  }
}

/** Steps of `shape` repeated to `to`, where that adds leading dimensions or makes those of size 1 longer. */
export const repeatedSteps = (shape: Shape, steps: Steps, to: Shape): number[] =>
  to.map((size, i) => {
    const at = i - to.length + shape.length;
    return at < 0 || (shape[at] === 1 && size !== 1) ? 0 : steps[at];
  });
