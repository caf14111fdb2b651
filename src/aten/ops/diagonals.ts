import { axisOf } from '../geometry.ts';
import { permute, reshape, slice, unsqueeze } from '../moves.ts';
import type { Node } from '../node.ts';
import { byElement, chosenBy, counting, filledWith } from '../pointwise.ts';
import type { OpTable } from '../schema.ts';
import { reduced } from './reductions.ts';

/** Ops on what stands at equal places of two dimensions. */

/** Elements whose place in `dim2` is `offset` behind that in `dim1`, as the last dimension. */
export function diagonal(self: Node, offset: number, dim1: number, dim2: number): Node {
  const rank = self.shape.length;
  const two = [dim1, dim2].map((dim) => axisOf(dim, rank, 'diagonal'));
  const moved = permute(self, [...[...self.shape.keys()].filter((axis) => !two.includes(axis)), ...two]);
  const [rows, columns] = moved.shape.slice(-2);
  const [begin, count] = offset >= 0 ? [offset, Math.min(rows, columns - offset)] : [-offset * columns, Math.min(rows + offset, columns)];
  const flat = reshape(moved, [...moved.shape.slice(0, -2), rows * columns]);
  return slice(flat, -1, begin, begin + Math.max(0, (count - 1) * (columns + 1) + 1), columns + 1);
}

/** Whether a place of the last dimension is that of the one before it. */
export const onDiagonal = (rows: number, columns: number): Node => byElement('eq', counting(columns), unsqueeze(counting(rows), 1));

/** A matrix for each row, which stands on its diagonal. */
function embedded(self: Node): Node {
  const size = self.shape[self.shape.length - 1];
  return chosenBy(onDiagonal(size, size), unsqueeze(self, -2), filledWith(0, self.dtype, []), self.dtype);
}

const filled = (self: Node, value: number): Node => {
  const [rows, columns] = self.shape;
  return chosenBy(onDiagonal(rows, columns), filledWith(value, self.dtype, []), self, self.dtype);
};

/** Ops on what stands at equal places of two dimensions. */
export const DIAGONAL_OPS: OpTable = {
  diagonal: [['Tensor self, int offset=0, int dim1=0, int dim2=1', diagonal]],
  linalg_diagonal: [['Tensor A, *, int offset=0, int dim1=-2, int dim2=-1', diagonal]],
  diag_embed: [['Tensor self', embedded]],
  diag: [['Tensor self', (self: Node) => (self.shape.length === 1 ? embedded(self) : diagonal(self, 0, 0, 1))]],
  trace: [['Tensor self', (self: Node) => reduced('sum', diagonal(self, 0, 0, 1), [0], false)]],
  fill_diagonal: [['Tensor self, float fill_value, bool wrap=False', filled]],
};
