import { type Half, SUFFIXES } from '../tensor/half.ts';
import { PRODUCT_STRETCH } from './limits.ts';
import type { Op } from './op.ts';
import type { OpOf } from './sets.ts';
import { added, BELOW_VOCAB, lookup, multiplied, need } from './shapes.ts';
import { byIds, byProduct } from './splits.ts';

/** linear with a weight of 16 bits, and the bits that it has with the same numbers in float32 */
const product = <D extends Half>(dtype: D) =>
  ({
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'float32', weight: `panels_${SUFFIXES[dtype]}`, bias: 'float32?', activation: 'activation', scratch: 'scratch',
      m: 'int', n: 'int', k: 'int', width: 'stride',
    },
    infer: (shapes) => {
      const inferred = multiplied(shapes);
      const { n, k } = inferred.ints;
      need(k % 2 === 0, `linear_${SUFFIXES[dtype]}`, 'rows of an even number of columns', k);
      return { ...inferred, scratch: 32 * (n % 8 === 0 ? Math.min(k, PRODUCT_STRETCH) : k) };
    },
    flops: ({ m, n, k }) => 2 * m * n * k,
    split: (ints) => byProduct(ints, { weight: 2 * ints.k }, ints.n >= ints.m),
    rowwise: ['x'],
  }) as const satisfies Op;

/** embedding, or embedding_add where there is an x, of 16 bits, and the bits that it has with the same numbers in float32 */
const table = <D extends Half>(dtype: D) =>
  ({
    // biome-ignore format: a kernel's parameters in one row
    args: {
      out: 'out', x: 'float32?', ids: 'int32', table: `rows_${SUFFIXES[dtype]}`, rows: 'int', cols: 'int', vocab: 'int',
    },
    infer: ({ x, ids, table: rows }) => {
      const inferred = lookup(`embedding_${SUFFIXES[dtype]}`, { ids, table: rows });
      return x ? { ...inferred, shape: added(`embedding_${SUFFIXES[dtype]}`, x, inferred.shape) } : inferred;
    },
    flops: ({ rows, cols }) => rows * cols,
    split: byIds('x'),
    bytes: ({ rows, cols }) => 10 * rows * cols + 4 * rows,
    rowwise: ['x', 'ids'],
    inPlace: 'x',
    bounds: BELOW_VOCAB,
  }) as const satisfies Op;

/** Rows of the op table over weights of 16 bits. */
export const HALVES = {
  embedding_bf16: table('bfloat16'),
  embedding_f16: table('float16'),
  linear_bf16: product('bfloat16'),
  linear_f16: product('float16'),
} as const satisfies Record<OpOf<'halves'>, Op>;
