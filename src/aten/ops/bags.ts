import { TraceletError } from '../../base/error.ts';
import { numbersOf, reshape } from '../moves.ts';
import type { Node } from '../node.ts';
import type { OpTable } from '../schema.ts';
import { embedding } from './gathering.ts';
import { reduced } from './reductions.ts';

const MODES = ['sum', 'mean', 'amax'];

/** How many indices each bag has. Throws an `op` error where they have not all as many. */
function lengthOf(offsets: Node, count: number): number {
  const [bags] = offsets.shape;
  const length = count / bags;
  const starts = numbersOf(offsets);
  if (starts?.every((start, i) => start === i * length)) return length;
  throw new TraceletError('op', {
    what: 'embedding_bag',
    expected: 'bags of as many ids each, a row of a tensor of two dimensions',
    got: starts ? 'others' : 'offsets that are an input',
  });
}

/** Rows of a table, those of each bag made one. Of its other results there are none. */
function embeddingBag(
  ...[weight, indices, offsets, , mode, , weights, , padding]: [
    ...[weight: Node, indices: Node, offsets: Node, scale: boolean, mode: number, sparse: boolean],
    ...[weights: Node | null, last: boolean, padding: number | null],
  ]
): Node[] {
  if (weights || (padding !== null && padding >= 0) || !(mode in MODES))
    throw new TraceletError('op', { what: 'embedding_bag', expected: 'no padding_idx and no per_sample_weights', got: 'one of them' });
  const length = lengthOf(offsets, indices.shape[0]);
  const bags = reduced(MODES[mode], embedding(weight, reshape(indices, [offsets.shape[0], length])), [1], false);
  return [bags, offsets, offsets, offsets];
}

const SCHEMA =
  'Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int? padding_idx=None';

/** Rows of tables by bags. */
export const BAG_OPS: OpTable = {
  embedding_bag: [[SCHEMA, embeddingBag]],
  _embedding_bag: [[SCHEMA, embeddingBag]],
  _embedding_bag_forward_only: [[SCHEMA, embeddingBag]],
};
