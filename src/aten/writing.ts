import { axisOf } from './geometry.ts';
import { clipped, expand, narrow, permute, reshape, transpose, unsqueeze } from './moves.ts';
import type { Node } from './node.ts';
import { placed } from './ops/joining.ts';
import { castTo, chosenBy, counting, FUNCTIONS, isWithin } from './pointwise.ts';
import type { Put } from './values.ts';

const { eq, logical_and, remainder } = FUNCTIONS;

/** What a tensor becomes where a view of it is written to. */

const inFull: Put = (base, value) => reshape(value, base.shape);

/** `base` with `value` at every `step`-th place from `start` on. */
function spaced(base: Node, value: Node, axis: number, start: number, step: number): Node {
  const [count, size] = [value.shape[axis], base.shape[axis]];
  const apart = unsqueeze(value, axis + 1);
  const wide = reshape(expand(apart, apart.shape.with(axis + 1, step)), value.shape.with(axis, count * step));
  const own = placed(base, narrow(wide, axis, 0, Math.min(count * step, size - start)), axis, start);
  const places = counting(size, -start);
  const meant = logical_and(isWithin(places, count * step), eq(remainder(places, step), 0));
  const among = reshape(
    castTo(meant, 'bool'),
    base.shape.map((each, i) => (i === axis ? each : 1)),
  );
  return chosenBy(among, own, base, base.dtype);
}

/** By the op that made the view, of its arguments after the tensor; undefined for what is not known. */
const PUTS: Readonly<Record<string, (...given: never[]) => Put>> = {
  select: (dim: number, index: number) => (base, value) => {
    const axis = axisOf(dim, base.shape.length, 'select');
    return placed(base, unsqueeze(value, axis), axis, index < 0 ? index + base.shape[axis] : index);
  },
  slice: (dim: number, begin: number | null, _end: number | null, step: number) => (base, value) => {
    const axis = axisOf(dim, base.shape.length, 'slice');
    const start = clipped(begin ?? 0, base.shape[axis]);
    return step === 1 ? placed(base, value, axis, start) : spaced(base, value, axis, start, step);
  },
  narrow: (dim: number, start: number) => (base, value) => {
    const axis = axisOf(dim, base.shape.length, 'narrow');
    return placed(base, value, axis, start < 0 ? start + base.shape[axis] : start);
  },
  transpose: (dim0: number, dim1: number) => (_, value) => transpose(value, dim0, dim1),
  permute: (dims: readonly number[]) => (base, value) => {
    const order = dims.map((dim) => axisOf(dim, base.shape.length, 'permute'));
    return permute(
      value,
      order.map((_, dim) => order.indexOf(dim)),
    );
  },
  t: () => (_, value) => (value.shape.length < 2 ? value : transpose(value, 0, 1)),
  // not of reshape and flatten, which copy where a tensor does not lie row by row
  ...Object.fromEntries(['view', 'view_as', 'unflatten', 'unsqueeze', 'squeeze', 'detach', 'alias'].map((op) => [op, () => inFull])),
};

/** How what `op` made with these arguments is put back; undefined where it is not known. */
export const putOf = (op: string, [, ...given]: readonly unknown[]): Put | undefined =>
  Object.hasOwn(PUTS, op) ? PUTS[op](...(given as never[])) : undefined;
