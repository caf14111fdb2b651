import { sameShape } from '../tensor/tensor.ts';
import { CROSS } from './cross.ts';
import { DISENTANGLED } from './disentangled.ts';
import { normalised } from './norms.ts';
import type { Op } from './op.ts';
import { POSITIONAL } from './positional.ts';
import { RELATIVE } from './relative.ts';
import { ROTARY } from './rotary.ts';
import type { OpOf } from './sets.ts';
import { LENGTHS, last, need, OF_SEQUENCES, tokenRows, withLast } from './shapes.ts';
import { byRows } from './splits.ts';

/** Rows of the op table that families beside BERT's need. */
export const FAMILIES = {
  ...RELATIVE,
  ...CROSS,
  ...POSITIONAL,
  ...DISENTANGLED,
  ...ROTARY,
  /** out[r, c · kernel + d] = x[s, c] for the row s that stands d - ⌊kernel / 2⌋ places behind row r, zeros where none does or mask is 0 */
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
  },
  /** out[r] = x[r] / √(mean(x[r]²) + eps) · (offset + weight) */
  rms_norm: {
    args: { out: 'out', x: 'float32', weight: 'float32', rows: 'int', cols: 'int', eps: 'float', offset: 'float' },
    infer: (shapes) => normalised('rms_norm', shapes),
    flops: ({ rows, cols }) => 5 * rows * cols,
    split: byRows('x'),
    rowwise: ['x'],
    inPlace: 'x',
  },
} as const satisfies Record<OpOf<'families'>, Op>;
