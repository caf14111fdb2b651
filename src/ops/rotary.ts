import { sameShape, sizeOf } from '../tensor/tensor.ts';
import type { Op } from './op.ts';
import { last, need, rowsOf } from './shapes.ts';

/** Rows of the op table for rotary positions. */
export const ROTARY = {
  /** the cosines, then the sines, of positions[r] · frequencies, times scale */
  rotations: {
    args: { out: 'out', positions: 'int32', frequencies: 'float32', rows: 'int', half: 'int', scale: 'float' },
    infer: ({ positions, frequencies }) => {
      need(frequencies.length === 1, 'rotations', 'frequencies of one dimension', frequencies);
      const [half] = frequencies;
      return { shape: [...positions, 2 * half], ints: { rows: sizeOf(positions), half } };
    },
    flops: ({ rows, half }) => 40 * rows * half,
    split: ({ half }) => ({ over: ['rows'], strides: { out: 8 * half, positions: 4 } }),
    rowwise: ['positions'],
  },
  /** x with the first 2 · half numbers of each of its first heads turned, halves against one another */
  rotary: {
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'float32', rotation: 'float32', rows: 'int', cols: 'int', heads: 'attr', head_dim: 'attr', half: 'int',
    },
    infer: ({ x, rotation }, { heads, head_dim }) => {
      const turned = last(rotation);
      need(sameShape(x.slice(0, -1), rotation.slice(0, -1)), 'rotary', 'a row of rotation for each row of x', x, rotation);
      const fits = heads * head_dim <= last(x) && turned <= head_dim && turned % 2 === 0;
      need(fits, 'rotary', `${heads} heads of ${head_dim} within a row, and an even number to turn within a head`, x, rotation);
      return { shape: x, ints: { rows: rowsOf(x), cols: last(x), half: turned / 2 } };
    },
    flops: ({ rows, heads, half }) => 6 * rows * heads * half,
    split: ({ cols, half }) => ({ over: ['rows'], strides: { out: 4 * cols, x: 4 * cols, rotation: 8 * half } }),
    rowwise: ['x', 'rotation'],
    inPlace: 'x',
  },
} as const satisfies Record<string, Op>;
