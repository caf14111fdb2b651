import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { isFloating } from '../dtypes.ts';
import { axisOf } from '../geometry.ts';
import { reshape, slice, squeeze } from '../moves.ts';
import type { Node } from '../node.ts';
import { byElement, castTo, filledWith, whole } from '../pointwise.ts';
import type { OpTable } from '../schema.ts';
import { cumsum, reduced, to } from './reductions.ts';

/** Products of the elements along a dimension. */

/** 1 where an even number of elements below 0 came together, else -1. */
const signOf = (negatives: Node): Node =>
  byElement('sub', whole(1), byElement('mul', byElement('remainder', negatives, whole(2)), whole(2)));

/** |x| as the logarithm of it, and whether it is below 0, for products that are sums of the former. */
const inLogs = (x: Node): { size: Node; negative: Node } => ({
  size: byElement('log', byElement('abs', x)),
  negative: castTo(byElement('lt', x, whole(0)), 'float32'),
});

/** The product along a dimension: of whole numbers by halves, of floats by the sum of their logarithms, which is the same at any size. */
export function product(self: Node, dim: number, keepdim: boolean): Node {
  const axis = axisOf(dim, Math.max(self.shape.length, 1), 'prod');
  if (self.shape.length === 0) return self;
  const x = self.dtype === 'bool' ? castTo(self, 'int64') : self;
  if (x.kind === 'constant') return reduced('prod', x, [axis], keepdim);
  if (!isFloating(x.dtype)) return keepdim ? byHalves(x, axis) : squeeze(byHalves(x, axis), [axis]);
  const { size, negative } = inLogs(x);
  const sign = signOf(reduced('sum', negative, [axis], keepdim));
  return castTo(byElement('mul', byElement('exp', reduced('sum', size, [axis], keepdim)), sign), x.dtype);
}

function byHalves(x: Node, axis: number): Node {
  const size = x.shape[axis];
  if (size === 0) return filledWith(1, x.dtype, x.shape.with(axis, 1));
  if (size === 1) return x;
  const half = size >> 1;
  const [first, second] = [slice(x, axis, 0, half, 1), slice(x, axis, half, 2 * half, 1)];
  const made = byHalves(byElement('mul', first, second), axis);
  return size % 2 === 0 ? made : byElement('mul', made, slice(x, axis, size - 1, size, 1));
}

/** How far products along a dimension have come. */
function cumprod(self: Node, dim: number, dtype: number | null): Node {
  const x = to(self, dtype);
  if (!isFloating(x.dtype)) throw new TraceletError('op', { what: 'cumprod', expected: 'floats', got: x.dtype });
  const { size, negative } = inLogs(x);
  return castTo(byElement('mul', byElement('exp', cumsum(size, dim, null)), signOf(cumsum(negative, dim, null))), x.dtype);
}

/** Products of the elements along a dimension. */
export const MULTIPLYING_OPS: OpTable = {
  cumprod: [['Tensor self, int dim, int? dtype=None', cumprod]],
  prod: [
    [
      'Tensor self, *, int? dtype=None',
      (self: Node, dtype: number | null) => product(reshape(to(self, dtype), [sizeOf(self.shape)]), 0, false),
    ],
    [
      'Tensor self, int dim, bool keepdim=False, *, int? dtype=None',
      (self: Node, dim: number, keepdim: boolean, dtype: number | null) => product(to(self, dtype), dim, keepdim),
    ],
  ],
};
