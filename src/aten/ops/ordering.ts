import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { axisOf } from '../geometry.ts';
import { reshape, select, squeeze, unsqueeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { castTo, chosenBy, FUNCTIONS, whole } from '../pointwise.ts';
import type { OpTable } from '../schema.ts';
import { gather } from './gathering.ts';
import { reduced } from './reductions.ts';

const { eq, floor_divide, gt } = FUNCTIONS;

/** Ops that order elements along a dimension. Of equals the first comes first. */

/** The k largest or smallest elements along a dimension, in order, and where they stand. A number without dimensions is one of one. */
function topk(self: Node, k: number, dim: number, largest: boolean): Node[] {
  if (self.shape.length === 0) {
    axisOf(dim, 1, 'topk');
    return topk(reshape(self, [1]), k, 0, largest).map((node) => (k === 1 ? reshape(node, []) : node));
  }
  const axis = axisOf(dim, self.shape.length, 'topk');
  if (!(k >= 0 && k <= self.shape[axis]))
    throw new TraceletError('shape', { what: 'topk', expected: `k from 0 to ${self.shape[axis]}`, got: `${k}` });
  const at = made('topk', 'int64', self.shape.with(axis, k), [self], { k, dim: axis, largest });
  return [gather(self, axis, at), at];
}

const sort = (self: Node, dim: number, descending: boolean): Node[] => {
  const axis = axisOf(dim, Math.max(1, self.shape.length), 'sort');
  return topk(self, self.shape[axis] ?? 1, axis, descending);
};

/** The k-th smallest of a dimension, which goes away, and where it stands. */
function kthvalue(self: Node, k: number, dim: number, keepdim: boolean): Node[] {
  const axis = axisOf(dim, Math.max(1, self.shape.length), 'kthvalue');
  if (self.shape.length === 0) return sort(self, 0, false);
  const found = topk(self, k, axis, false).map((node) => select(node, axis, k - 1));
  return keepdim ? found.map((node) => unsqueeze(node, axis)) : found;
}

/** The lower one of the two in the middle, and where it stands; the first NaN where there is one. */
function median(self: Node, dim: number, keepdim: boolean): Node[] {
  const axis = axisOf(dim, Math.max(1, self.shape.length), 'median');
  if (self.shape.length === 0) return sort(self, 0, false);
  const [, order] = sort(self, axis, false);
  const last = reduced('amax', order, [axis], true);
  const numbers = reduced('sum', castTo(eq(self, self), 'int64'), [axis], true);
  const at = gather(order, axis, chosenBy(gt(numbers, last), floor_divide(last, whole(2)), numbers, 'int64'));
  return [gather(self, axis, at), at].map((node) => (keepdim ? node : squeeze(node, [axis])));
}

/** Ops that order elements along a dimension. */
export const ORDERING_OPS: OpTable = {
  topk: [['Tensor self, int k, int dim=-1, bool largest=True, bool sorted=True', topk]],
  sort: [
    ['Tensor self, int dim=-1, bool descending=False', sort],
    [
      'Tensor self, *, bool? stable, int dim=-1, bool descending=False',
      (self: Node, _: unknown, dim: number, descending: boolean) => sort(self, dim, descending),
    ],
  ],
  argsort: [
    ['Tensor self, int dim=-1, bool descending=False', (self: Node, dim: number, descending: boolean) => sort(self, dim, descending)[1]],
    [
      'Tensor self, *, bool? stable, int dim=-1, bool descending=False',
      (self: Node, _: unknown, dim: number, descending: boolean) => sort(self, dim, descending)[1],
    ],
  ],
  kthvalue: [['Tensor self, int k, int dim=-1, bool keepdim=False', kthvalue]],
  median: [
    ['Tensor self', (self: Node) => median(reshape(self, [sizeOf(self.shape)]), 0, false)[0]],
    ['Tensor self, int dim, bool keepdim=False', median],
  ],
};
