import { optional, TENSOR, TENSORS, taking, WHOLE } from '../../tensor/arguments.ts';
import type { DType } from '../../tensor/dtype.ts';
import { dimension, type Tensor } from '../../tensor/tensor.ts';
import { joined } from '../views.ts';
import { type OfList, ofList } from './axes.ts';

/** Methods of tensors as functions, and what puts tensors beside one another. */

const INPUT = { input: TENSOR };

/** Tensors of one shape side by side along a new dimension, the first unless given. As `torch.stack`. */
export const stack = taking<<D extends DType>(tensors: readonly Tensor<D>[], dim?: number) => Tensor<D>>(
  'F.stack',
  { tensors: TENSORS, dim: optional(WHOLE) },
  (tensors: readonly Tensor[], along = 0) => {
    const dim = tensors.length > 0 ? dimension([...tensors[0].shape, 1], along, 'stack') : 0;
    return joined(
      tensors.map((x) => x.unsqueeze(dim)),
      dim,
    ) as never;
  },
);

/** The same elements under another shape of equal size; one dimension may be -1. As `torch.reshape`. */
export const reshape: OfList = ofList('reshape', (x, shape) => x.reshape(shape));

/** x without its dimensions of 1, or without `dim` if it is such. As `torch.squeeze`. */
export const squeeze = taking<<D extends DType>(input: Tensor<D>, dim?: number) => Tensor<D>>(
  'F.squeeze',
  { ...INPUT, dim: optional(WHOLE) },
  (x: Tensor, dim?: number) => x.squeeze(dim) as never,
);

/** x with a dimension of 1 put in at `dim`. As `torch.unsqueeze`. */
export const unsqueeze = taking<<D extends DType>(input: Tensor<D>, dim: number) => Tensor<D>>(
  'F.unsqueeze',
  { ...INPUT, dim: WHOLE },
  (x: Tensor, dim: number) => x.unsqueeze(dim) as never,
);

/** Dimensions `start_dim` to `end_dim`, all of them unless given, made one. As `torch.flatten`. */
export const flatten = taking<<D extends DType>(input: Tensor<D>, start_dim?: number, end_dim?: number) => Tensor<D>>(
  'F.flatten',
  { ...INPUT, start_dim: optional(WHOLE), end_dim: optional(WHOLE) },
  (x: Tensor, start = 0, end = -1) => x.flatten(start, end) as never,
);
