import type { Shape } from '../tensor/shape.ts';

/** The shape that all of `shapes` have once dimensions of 1, and missing ones before the first, are repeated. Undefined where there is none. */
export function broadcastShape(shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(...shapes.map(({ length }) => length));
  const dims = Array.from({ length: rank }, (_, i) => shapes.map((shape) => shape[i - rank + shape.length] ?? 1));
  const sizes = dims.map((each) => each.find((size) => size !== 1) ?? 1);
  return dims.every((each, i) => each.every((size) => size === 1 || size === sizes[i])) ? sizes : undefined;
}
