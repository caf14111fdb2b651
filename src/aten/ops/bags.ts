import { TraceletError } from '../../base/error.ts';
import { numbersOf, reshape, unsqueeze } from '../moves.ts';
import type { Node } from '../node.ts';
import { castTo, chosenBy, FUNCTIONS, number } from '../pointwise.ts';
import type { OpTable } from '../schema.ts';
import { embedding } from './gathering.ts';
import { reduced } from './reductions.ts';

const { mul, div, ne, gt, maximum } = FUNCTIONS;

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

/** Rows of each bag made one, without those of padding; 0 where there are no others. */
function bagged(rows: Node, kept: Node, mode: number): Node {
  const [sum, mean] = MODES;
  const count = reduced('sum', castTo(kept, 'float32'), [1], false);
  if (MODES[mode] !== sum && MODES[mode] !== mean)
    return chosenBy(gt(count, 0), reduced(MODES[mode], chosenBy(kept, rows, number(-Infinity)), [1], false), number(0));
  const total = reduced('sum', chosenBy(kept, rows, number(0)), [1], false);
  return MODES[mode] === sum ? total : div(total, maximum(count, 1));
}

/** Rows of a table, those of each bag made one. Of its other results there are none. */
function embeddingBag(
  ...[weight, indices, offsets, , mode, , weights, , padding]: [
    ...[weight: Node, indices: Node, offsets: Node, scale: boolean, mode: number, sparse: boolean],
    ...[weights: Node | null, last: boolean, padding: number | null],
  ]
): Node[] {
  if (!(mode in MODES)) throw new TraceletError('value', { what: 'embedding_bag: mode', expected: '0, 1 or 2', got: `${mode}` });
  const shape = indices.shape.length === 2 ? indices.shape : [offsets.shape[0], lengthOf(offsets, indices.shape[0])];
  const ids = reshape(indices, shape);
  const rows = embedding(weight, ids);
  const weighed = weights ? mul(rows, unsqueeze(reshape(weights, shape), -1)) : rows;
  const kept = padding !== null && padding >= 0 ? unsqueeze(ne(ids, padding), -1) : undefined;
  return [kept ? bagged(weighed, kept, mode) : reduced(MODES[mode], weighed, [1], false), offsets, offsets, offsets];
}

const SCHEMA =
  'Tensor weight, Tensor indices, Tensor offsets, bool scale_grad_by_freq=False, int mode=0, bool sparse=False, Tensor? per_sample_weights=None, bool include_last_offset=False, int? padding_idx=None';

/** Rows of tables by bags. */
export const BAG_OPS: OpTable = {
  embedding_bag: [[SCHEMA, embeddingBag]],
  _embedding_bag: [[SCHEMA, embeddingBag]],
  _embedding_bag_forward_only: [[SCHEMA, embeddingBag]],
};
