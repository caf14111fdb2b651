import { sameShape } from '../tensor/tensor.ts';
import type { Op } from './op.ts';
import { LENGTHS, last, need, OF_SEQUENCES, tokenRows } from './shapes.ts';

/** An op that makes one row of each sequence of x. */
function pooling(name: string): Op {
  return {
    args: { out: 'out', x: 'float32', mask: 'int32?', starts: 'int32', batch: 'int', cols: 'int' },
    infer: (shapes) => {
      const { x, origin } = shapes;
      const ints = tokenRows(name, x, shapes);
      if (origin) need(sameShape(origin, x.slice(0, -1)), name, `an origin of shape [${x.slice(0, -1)}]`, origin);
      return { shape: [ints.batch, last(x)], ints: { ...ints, cols: last(x) } };
    },
    flops: ({ rows, cols }) => rows * cols,
    split: ({ cols }) => ({ over: ['batch'], strides: { starts: 4, out: 4 * cols } }),
    sequences: ['x'],
    bounds: OF_SEQUENCES,
    steps: LENGTHS,
    trusted: ['starts'],
  };
}

/** An op that takes of each sequence a row of numbers, and the op that takes a whole number of each. */
const picking = (which: 'first' | 'last'): Pick<Op, 'flops' | 'bytes' | 'picks'> => ({
  flops: () => 0,
  bytes: ({ batch, cols }) => 8 * batch * cols,
  picks: { float32: `${which}_pool`, int32: `${which}_int` },
});

function pickingInts(which: 'first' | 'last'): Op {
  return {
    args: { out: 'out', x: 'int32', mask: 'int32?', starts: 'int32', batch: 'int' },
    result: 'int32',
    infer: (shapes) => {
      const ints = tokenRows(`${which}_int`, [...shapes.x, 1], shapes);
      return { shape: [ints.batch], ints };
    },
    flops: () => 0,
    bytes: ({ batch }) => 8 * batch,
    split: () => ({ over: ['batch'], strides: { starts: 4, out: 4 } }),
    sequences: ['x'],
    bounds: OF_SEQUENCES,
    steps: LENGTHS,
    trusted: ['starts'],
  };
}

/** Rows of the op table that make one vector of each sequence. */
export const POOLS = {
  /** the mean over the rows of each sequence where mask is 1; zeros where none is */
  mean_pool: pooling('mean_pool'),
  /** the sum over the n rows of each sequence where mask is 1, divided by √n; zeros where none is */
  mean_sqrt_pool: pooling('mean_sqrt_pool'),
  /** the largest of each column over the rows of each sequence where mask is 1; zeros where none is */
  max_pool: pooling('max_pool'),
  /** the first row of each sequence where mask is 1; zeros where none is */
  first_pool: {
    ...pooling('first_pool'),
    ...picking('first'),
  },
  /** the whole number of the first row of each sequence where mask is 1; 0 where none is */
  first_int: pickingInts('first'),
  /** the last row of each sequence where mask is 1; zeros where none is */
  last_pool: {
    ...pooling('last_pool'),
    ...picking('last'),
  },
  /** the whole number of the last row of each sequence where mask is 1; 0 where none is */
  last_int: pickingInts('last'),
  /** the mean over the rows of each sequence where mask is 1, weighted with 1, 2, … from the first row where origin is 1 */
  weighted_mean_pool: {
    ...pooling('weighted_mean_pool'),
    args: { out: 'out', x: 'float32', mask: 'int32?', origin: 'int32?', starts: 'int32', batch: 'int', cols: 'int' },
    sequences: undefined,
    bounds: { ...OF_SEQUENCES, origin: () => 2 },
  },
} as const satisfies Record<string, Op>;
