import { TraceletError } from '../../base/error.ts';
import { COUNT, FLAG, oneOf } from '../../base/schema.ts';
import { type Operand, optional, TENSOR, taking, WHOLE } from '../../tensor/arguments.ts';
import type { DType } from '../../tensor/dtype.ts';
import { dimension, sameShape, sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { apply } from '../executor.ts';
import { modelOutput } from '../outputs.ts';
import { permuted, sliced } from '../views.ts';
import { withBack, withLast } from './axes.ts';

/** Ops that pick elements by whole numbers, which count from 0 and may not be negative. */

const PICKED = { input: TENSOR, dim: WHOLE, index: TENSOR };

/** x no larger than `index` in any dimension but `dim`. */
function within(x: Tensor, index: Tensor, dim: number): Tensor {
  const fits = index.shape.length === x.shape.length && index.shape.every((size, i) => i === dim || size <= x.shape[i]);
  if (!fits)
    throw new TraceletError('shape', {
      what: 'gather: index',
      expected: `at most [${x.shape}] but for dimension ${dim}`,
      got: `[${index.shape}]`,
    });
  return index.shape.reduce(
    (part, size, axis) => (axis === dim || size === part.shape[axis] ? part : sliced(part, axis, 0, size, 'gather')),
    x,
  );
}

/**
 * The element that `index` says along dimension `dim`: out[i, j] = x[index[i, j], j] where dim is 0. The shape of `index`, which has the dimensions of x and is
 * no larger but in `dim`. As `torch.gather`.
 */
export const gather = taking<<D extends DType>(input: Tensor<D>, dim: number, index: Operand) => Tensor<D>>(
  'F.gather',
  PICKED,
  (x: Tensor, along: number, index: Tensor) => {
    const dim = dimension(x.shape, along, 'gather');
    const rows = withLast(within(x, index, dim), [dim]);
    return withBack(apply<DType>('gather', { x: rows, ids: withLast(index, [dim]) }), dim) as never;
  },
);

/** The parts of x along dimension `dim` that `index` [n] says: the shape of x with n in that dimension. As `torch.index_select`. */
export const index_select = taking<<D extends DType>(input: Tensor<D>, dim: number, index: Operand) => Tensor<D>>(
  'F.index_select',
  PICKED,
  (x: Tensor, along: number, index: Tensor) => {
    const dim = dimension(x.shape, along, 'index_select');
    const ids = index.reshape([-1]);
    if (!sameShape(ids.shape, index.shape) && index.shape.length > 0)
      throw new TraceletError('shape', { what: 'index_select: index', expected: 'one dimension', got: `[${index.shape}]` });
    const order = [dim, ...[...x.shape.keys()].filter((axis) => axis !== dim)];
    const first = dim === 0 ? x : permuted(x, order);
    const rest = first.shape.slice(1);
    const rows = apply<DType>('embedding', { ids, table: first.reshape([x.shape[dim], sizeOf(rest)]) }).reshape([ids.size, ...rest]);
    if (dim === 0) return rows as never;
    return permuted(
      rows,
      [...x.shape.keys()].map((axis) => order.indexOf(axis)),
    ) as never;
  },
);

/** The elements that {@link topk} finds, and where along the dimension they stand: a pair, whose parts have names as well. */
export type Top<D extends DType = DType> = [values: Tensor<D>, indices: Tensor<'int32'>] & {
  readonly values: Tensor<D>;
  readonly indices: Tensor<'int32'>;
};

const ORDERED = oneOf([true], 'They are in order here, the first of equals before the others');

/**
 * The k largest elements along dimension `dim`, the last unless given, or the smallest where `largest` is false, in order, and where they stand: values and int32
 * indices, each of the shape of x with k in that dimension. Of equals the first comes first, NaN is above all, and whole numbers are compared as floats. As
 * `torch.topk`. Throws a `shape` error where there are fewer.
 */
export const topk = taking<<D extends DType>(input: Tensor<D>, k: number, dim?: number, largest?: boolean, sorted?: true) => Top<D>>(
  'F.topk',
  { input: TENSOR, k: COUNT, dim: optional(WHOLE), largest: optional(FLAG), sorted: optional(ORDERED) },
  (x: Tensor, k: number, along = -1, largest = true) => {
    const rank = x.shape.length;
    const dim = dimension(rank > 0 ? x.shape : [1], along, 'topk');
    const rows = rank > 0 ? withLast(x, [dim]) : x.reshape([1]);
    const ids = apply<DType>('topk', { x: rows }, { k, largest: Number(largest) });
    const back = (found: Tensor): Tensor => (rank === 0 && k === 1 ? found.reshape([]) : withBack(found, dim));
    return modelOutput({ values: back(apply<DType>('gather', { x: rows, ids })), indices: back(ids) }) as never;
  },
);
