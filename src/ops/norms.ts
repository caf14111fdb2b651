import { type Shape, sameShape } from '../tensor/tensor.ts';
import type { Inferred, Op } from './op.ts';
import { last, need, rowsOf } from './shapes.ts';
import { byRows } from './splits.ts';

/** Rules of rows that are scaled by `weight` and shifted by `bias`, if there is one. */
export function normalised(name: string, { x, weight, bias }: Record<string, Shape>): Inferred {
  const fits = sameShape(weight, [last(x)]) && (!bias || sameShape(bias, weight));
  need(fits, name, `weight${bias ? ' and bias' : ''} of shape [${last(x)}]`, weight, ...(bias ? [bias] : []));
  return { shape: x, ints: { rows: rowsOf(x), cols: last(x) } };
}

/** Rows of the op table that bring each row to one size. */
export const NORMS = {
  /** each row of x moved to mean 0 and variance 1, then scaled by weight and shifted by bias */
  layer_norm: {
    args: { out: 'out', x: 'float32', weight: 'float32', bias: 'float32', rows: 'int', cols: 'int', eps: 'float' },
    infer: (shapes) => normalised('layer_norm', shapes),
    flops: ({ rows, cols }) => 8 * rows * cols,
    split: byRows('x'),
    rowwise: ['x'],
    inPlace: 'x',
  },
  /** layer_norm(x + residual) */
  add_layer_norm: {
    args: { out: 'out', x: 'float32', residual: 'float32', weight: 'float32', bias: 'float32', rows: 'int', cols: 'int', eps: 'float' },
    infer: (shapes) => {
      need(sameShape(shapes.x, shapes.residual), 'add_layer_norm', 'x and residual of one shape', shapes.x, shapes.residual);
      return normalised('add_layer_norm', shapes);
    },
    flops: ({ rows, cols }) => 9 * rows * cols,
    split: byRows('x', 'residual'),
    rowwise: ['x', 'residual'],
    inPlace: 'x',
  },
  /** out[r] = x[r] / max(‖x[r]‖₂, eps) */
  l2_normalize: {
    args: { out: 'out', x: 'float32', rows: 'int', cols: 'int', eps: 'float' },
    infer: ({ x }) => ({ shape: x, ints: { rows: rowsOf(x), cols: last(x) } }),
    flops: ({ rows, cols }) => 3 * rows * cols,
    split: byRows('x'),
    rowwise: ['x'],
    inPlace: 'x',
  },
} as const satisfies Record<string, Op>;
