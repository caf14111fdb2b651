import { sameShape } from '../tensor/tensor.ts';
import type { Op } from './op.ts';
import { last, need, rowsOf, scattered } from './shapes.ts';

/** Rows of the op table that leave tokens out and put them back. */
export const TOKEN_OPS = {
  /** out[r] = x[r] where mask is 1, zeros elsewhere */
  masked: {
    args: { out: 'out', x: 'float32', mask: 'int32', rows: 'int', cols: 'int' },
    infer: ({ x, mask }) => {
      need(x.length > 0 && sameShape(mask, x.slice(0, -1)), 'masked', `a mask of shape [${x.slice(0, -1)}]`, mask);
      return { shape: x, ints: { rows: rowsOf(x), cols: last(x) } };
    },
    flops: () => 0,
    split: ({ cols }) => ({ over: ['rows'], strides: { out: 4 * cols, x: 4 * cols, mask: 4 } }),
    rowwise: ['x', 'mask'],
    inPlace: 'x',
    bounds: { mask: () => 2 },
  },
  /** out[index[r]] = x[r], zeros elsewhere, as [batch, sequence, …] */
  scatter: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'float32', index: 'int32', rows: 'int', cols: 'int', total: 'int', batch: 'attr', sequence: 'attr',
    },
    infer: scattered,
    flops: () => 0,
    split: null,
    bytes: ({ rows, cols, total }) => 4 * (rows * cols + total * cols + rows),
    bounds: { index: ({ total }) => total },
    trusted: ['index'],
  },
} as const satisfies Record<string, Op>;
