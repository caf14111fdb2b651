import { sameShape } from '../tensor/tensor.ts';
import type { Op } from './op.ts';
import { LENGTHS, last, need, OF_SEQUENCES, rowsOf, scattered, tokenRows, withLast } from './shapes.ts';

/** Rows of the op table that leave tokens out and put them back, or put beside each what stands around it. */
export const TOKEN_OPS = {
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
    doc: 'out[r] = x[r] where mask is 1, zeros elsewhere',
  },
  neighbours: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'float32', mask: 'int32?', starts: 'int32', places: 'int32', batch: 'int', cols: 'int', kernel: 'attr',
    },
    infer: (shapes, { kernel }) => {
      const { x, places } = shapes;
      const ints = tokenRows('neighbours', x, shapes);
      need(sameShape(places, x.slice(0, -1)), 'neighbours', `places of shape [${x.slice(0, -1)}]`, places);
      return { shape: withLast(x, last(x) * kernel), ints: { ...ints, cols: last(x) } };
    },
    flops: () => 0,
    split: () => ({ over: ['batch'], strides: { starts: 4 } }),
    bytes: ({ rows, cols, kernel }) => 8 * rows * cols * kernel,
    sequences: ['x', 'places'],
    bounds: OF_SEQUENCES,
    steps: LENGTHS,
    trusted: ['starts'],
    doc: 'out[r, c · kernel + d] = x[s, c] for the row s that stands d - ⌊kernel / 2⌋ places behind row r, zeros where none does or mask is 0',
  },
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
    doc: 'out[index[r]] = x[r], zeros elsewhere, as [batch, sequence, …]',
  },
} as const satisfies Record<string, Op>;
