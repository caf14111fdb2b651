import { sizeOf } from '../../tensor/tensor.ts';
import { narrow, permute, reshape, transpose } from '../moves.ts';
import { type Geometry, geometryOf, isMade, type Made, type Node, type View } from '../node.ts';

/** [batch, heads, sequence, head_dim], as attention is spelled, and rows [batch, sequence, heads · head_dim], as it is computed. */

/** What a copy has copied. */
const uncopied = (node: Node): Node => (isMade(node, 'copy') && node.operands[0].shape.length === 4 ? node.operands[0] : node);

/** How wide the rows are of which a view shows heads side by side. */
function rowWidth({ start, strides, base }: Geometry, shape: readonly number[], heads: number): number | undefined {
  const [batch, , sequence, dim] = shape;
  const width = sequence > 1 ? strides[2] : sizeOf(base.shape) / batch;
  const meant = [sequence * width, dim, width, 1];
  const fits = strides.every((stride, i) => stride === meant[i] || shape[i] === 1) && start + heads * dim <= width;
  return fits && sizeOf(base.shape) === batch * sequence * width ? width : undefined;
}

/** Rows of which `node` [batch, heads, sequence, head_dim] shows the heads; a copy in another order where none lie in memory. */
export function rowsOf(node: Node): Node {
  const [batch, heads, sequence, dim] = node.shape;
  const at = uncopied(node);
  if (at.kind !== 'constant') {
    const geometry = geometryOf(at);
    const width = rowWidth(geometry, node.shape, heads);
    if (width !== undefined) {
      const rows = reshape(geometry.base, [batch, sequence, width]);
      return width === heads * dim ? rows : narrow(rows, 2, geometry.start, heads * dim);
    }
  }
  return reshape(permute(at, [0, 2, 1, 3]), [batch, sequence, heads * dim]);
}

/** Heads of keys that each serve several of queries, if `node` [batch, heads, sequence, head_dim] repeats them: [batch, key_heads, sequence, head_dim]. */
export function unrepeated(node: Node): Node {
  const copy = node.kind === 'view' && isMade(node.base, 'copy') ? node.base : undefined;
  const repeated = copy?.operands[0];
  if (repeated?.kind !== 'view' || repeated.shape.length !== 5 || repeated.strides[2] !== 0) return node;
  const [batch, heads, sequence, dim] = node.shape;
  const [, own, groups] = repeated.shape;
  if (own * groups !== heads || `${node.shape}` !== `${[batch, own * groups, sequence, dim]}`) return node;
  const view: View = {
    ...repeated,
    shape: [batch, own, sequence, dim],
    strides: repeated.strides.toSpliced(2, 1),
    known: undefined,
  };
  return view;
}

/** Rows [batch, sequence, heads · head_dim] seen as [batch, heads, sequence, head_dim]. */
export const headsOf = (rows: Made, heads: number): Node => {
  const [batch, sequence, width] = rows.shape;
  return transpose(reshape(rows, [batch, sequence, heads, width / heads]), 1, 2);
};
