import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { reshape, unsqueeze } from '../moves.ts';
import type { Node } from '../node.ts';
import { byElement, castTo } from '../pointwise.ts';
import type { OpTable } from '../schema.ts';
import { reduced } from './reductions.ts';

/** Ops that look for elements among others: each is compared with each. */

/** How many of a sorted row stand before each element; with `right` those that equal it as well. NaN stands behind all. */
function placesIn(sorted: Node, x: Node, right: boolean, int32: boolean): Node {
  const rows = sorted.shape.length === 1 ? sorted : unsqueeze(sorted, -2);
  const behind = byElement(right ? 'lt' : 'le', unsqueeze(x, -1), rows);
  const count = reduced('sum', castTo(byElement('logical_not', behind), 'int64'), [-1], false);
  return castTo(count, int32 ? 'int32' : 'int64');
}

const bucketize = (x: Node, boundaries: Node, int32: boolean, right: boolean): Node => placesIn(boundaries, x, right, int32);

function searchSorted(sorted: Node, x: Node, int32: boolean, right: boolean, side: string | null, sorter: Node | null): Node {
  if (sorter) throw new TraceletError('op', { what: 'searchsorted', expected: 'no sorter', got: 'one' });
  return placesIn(sorted, x, side === null ? right : side === 'right', int32);
}

/** Whether an element is one of others. */
function isIn(elements: Node, among: Node, invert: boolean): Node {
  const each = reshape(among, [sizeOf(among.shape)]);
  const found = reduced('any', byElement('eq', unsqueeze(elements, -1), each), [-1], false, 'bool');
  return invert ? byElement('logical_not', found) : found;
}

const WAYS = 'bool out_int32=False, bool right=False';

/** Ops that look for elements among others. */
export const SEARCHING_OPS: OpTable = {
  bucketize: [[`Value self, Tensor boundaries, *, ${WAYS}`, bucketize]],
  searchsorted: [[`Tensor sorted_sequence, Value self, *, ${WAYS}, str? side=None, Tensor? sorter=None`, searchSorted]],
  isin: [
    [
      'Value elements, Value test_elements, *, bool assume_unique=False, bool invert=False',
      (elements: Node, among: Node, _: boolean, invert: boolean) => isIn(elements, among, invert),
    ],
  ],
};
