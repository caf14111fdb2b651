import { dtypeNumbered } from '../dtypes.ts';
import { axisOf, broadcast } from '../geometry.ts';
import * as move from '../moves.ts';
import type { Node } from '../node.ts';
import { castTo } from '../pointwise.ts';
import type { OpTable } from '../schema.ts';

const all = (self: Node): Node => self;
const sizeOf = (node: Node, dim: number): number => node.shape[axisOf(dim, node.shape.length, 'size')];

const flattened = (self: Node, start: number, end: number): Node => {
  const rank = self.shape.length;
  if (rank === 0) return move.reshape(self, [1]);
  const [first, last] = [axisOf(start, rank, 'flatten'), axisOf(end, rank, 'flatten')];
  return move.reshape(self, [...self.shape.slice(0, first), -1, ...self.shape.slice(last + 1)]);
};

const chunk = (self: Node, chunks: number, dim: number): Node[] => move.split(self, Math.ceil(sizeOf(self, dim) / chunks), dim);

/** Dimensions of `source` moved to `destination`, the others in their order. */
function movedim(self: Node, source: readonly number[], destination: readonly number[]): Node {
  const rank = self.shape.length;
  const [from, to] = [source, destination].map((dims) => dims.map((dim) => axisOf(dim, rank, 'movedim')));
  const others = [...self.shape.keys()].filter((dim) => !from.includes(dim));
  return move.permute(
    self,
    self.shape.map((_, dim) => (to.includes(dim) ? from[to.indexOf(dim)] : (others.shift() as number))),
  );
}

function broadcastAll(tensors: readonly Node[]): Node[] {
  const shape = broadcast(
    tensors.map((each) => each.shape),
    'broadcast_tensors',
  );
  return tensors.map((each) => move.expand(each, shape));
}

const reshaped = [['Tensor(a) self, int[] size', move.reshape]] as const;
const like = [['Tensor(a) self, Tensor other', (self: Node, other: Node) => move.expand(self, other.shape)]] as const;

const to = (self: Node, dtype: number | null): Node => (dtype === null ? self : castTo(self, dtypeNumbered(dtype)));

/** Ops that move elements, or leave them as they are. */
export const VIEW_OPS: OpTable = {
  view: [...reshaped, ['Tensor(a) self, int dtype', to]],
  reshape: [['Tensor(a) self, int[] shape', move.reshape]],
  _unsafe_view: reshaped,
  view_as: [['Tensor(a) self, Tensor other', (self: Node, other: Node) => move.reshape(self, other.shape)]],
  ravel: [['Tensor(a) self', (self: Node) => move.reshape(self, [-1])]],
  reshape_as: [['Tensor(a) self, Tensor other', (self: Node, other: Node) => move.reshape(self, other.shape)]],
  flatten: [['Tensor(a) self, int start_dim=0, int end_dim=-1', flattened]],
  unflatten: [
    [
      'Tensor(a) self, int dim, int[] sizes',
      (self: Node, dim: number, sizes: number[]) => {
        const axis = axisOf(dim, self.shape.length, 'unflatten');
        return move.reshape(self, self.shape.toSpliced(axis, 1, ...sizes));
      },
    ],
  ],
  permute: [['Tensor(a) self, int[] dims', move.permute]],
  transpose: [['Tensor(a) self, int dim0, int dim1', move.transpose]],
  swapdims: [['Tensor(a) self, int dim0, int dim1', move.transpose]],
  movedim: [['Tensor(a) self, int[] source, int[] destination', movedim]],
  moveaxis: [['Tensor(a) self, int[] source, int[] destination', movedim]],
  swapaxes: [['Tensor(a) self, int axis0, int axis1', move.transpose]],
  t: [['Tensor(a) self', (self: Node) => (self.shape.length < 2 ? self : move.transpose(self, 0, 1))]],
  numpy_T: [['Tensor(a) self', (self: Node) => move.permute(self, [...self.shape.keys()].reverse())]],
  unsqueeze: [['Tensor(a) self, int dim', move.unsqueeze]],
  squeeze: [
    ['Tensor(a) self', (self: Node) => move.squeeze(self)],
    ['Tensor(a) self, int[] dim', move.squeeze],
  ],
  slice: [['Tensor(a) self, int dim=0, int? start=None, int? end=None, int step=1', move.slice]],
  narrow: [['Tensor(a) self, int dim, int start, int length', move.narrow]],
  select: [['Tensor(a) self, int dim, int index', move.select]],
  split: [
    ['Tensor(a) self, int split_size, int dim=0', move.split],
    ['Tensor(a) self, int[] split_size, int dim=0', move.parts],
  ],
  split_with_sizes: [['Tensor(a) self, int[] split_sizes, int dim=0', move.parts]],
  chunk: [['Tensor(a) self, int chunks, int dim=0', chunk]],
  unbind: [['Tensor(a) self, int dim=0', move.unbind]],
  expand: [['Tensor(a) self, int[] size, bool implicit=False', move.expand]],
  broadcast_to: [['Tensor(a) self, int[] size', move.expand]],
  expand_as: like,
  broadcast_tensors: [['Tensor[] tensors', broadcastAll]],
  contiguous: [['Tensor(a) self, any memory_format=0', all]],
  clone: [['Tensor self, any memory_format=None', all]],
  detach: [['Tensor(a) self', all]],
  alias: [['Tensor(a) self', all]],
  positive: [['Tensor(a) self', all]],
  to: [
    ['Tensor(a) self, int dtype, any non_blocking=False, any copy=False, any memory_format=None', to],
    [
      'Tensor(a) self, int? dtype=None, any layout=None, any device=None, any pin_memory=None, any non_blocking=False, any copy=False, any memory_format=None',
      to,
    ],
    [
      'Tensor(a) self, any device, int? dtype=None, any non_blocking=False, any copy=False, any memory_format=None',
      (self: Node, _device: unknown, dtype: number | null) => to(self, dtype),
    ],
    [
      'Tensor(a) self, Tensor other, any non_blocking=False, any copy=False, any memory_format=None',
      (self: Node, other: Node) => castTo(self, other.dtype),
    ],
  ],
  _to_copy: [
    [
      'Tensor self, int? dtype=None, any layout=None, any device=None, any pin_memory=None, any non_blocking=False, any memory_format=None',
      to,
    ],
  ],
  type_as: [['Tensor(a) self, Tensor other', (self: Node, other: Node) => castTo(self, other.dtype)]],
  float: [['Tensor(a) self', (self: Node) => castTo(self, 'float32')]],
  long: [['Tensor(a) self', (self: Node) => castTo(self, 'int64')]],
  copy: [['Tensor self, Tensor src, any non_blocking=False', (self: Node, src: Node) => castTo(move.expand(src, self.shape), self.dtype)]],
};
