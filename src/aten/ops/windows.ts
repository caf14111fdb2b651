import { TraceletError } from '../../base/error.ts';
import { axisOf } from '../geometry.ts';
import { permute, reshape, slice, transpose, unsqueeze } from '../moves.ts';
import type { Node } from '../node.ts';
import { byElement, FUNCTIONS } from '../pointwise.ts';
import type { OpTable } from '../schema.ts';
import { cat, padded } from './joining.ts';
import { matmul } from './products.ts';
import { reduced } from './reductions.ts';

/** Ops that look at elements through a window that moves along a dimension. */

const { maximum, add, mul } = FUNCTIONS;

/** How a window moves: how far at a time, and how far apart what it sees is. */
interface Window {
  size: number;
  step: number;
  dilation: number;
}

const MOST_SEEN = 1024;

/** The first, second, … element that a window sees wherever it stands along `axis`. Throws `shape` errors where it stands nowhere. */
function seen(node: Node, axis: number, { size, step, dilation }: Window): Node[] {
  const count = Math.floor((node.shape[axis] - dilation * (size - 1) - 1) / step) + 1;
  if (!(size >= 1 && size <= MOST_SEEN && step >= 1 && dilation >= 1 && count >= 1))
    throw new TraceletError('shape', {
      what: 'a window',
      expected: `one of 1 to ${MOST_SEEN} elements that is within ${node.shape[axis]}`,
      got: `${size} elements, ${dilation} apart, by steps of ${step}`,
    });
  return Array.from({ length: size }, (_, i) => slice(node, axis, i * dilation, i * dilation + (count - 1) * step + 1, step));
}

/** As `torch.Tensor.unfold`: what each window sees in a dimension of its own, the last. */
function unfold(self: Node, dim: number, size: number, step: number): Node {
  const axis = axisOf(dim, self.shape.length, 'unfold');
  return cat(
    seen(self, axis, { size, step, dilation: 1 }).map((part) => unsqueeze(part, -1)),
    -1,
  );
}

const onlyOne = (numbers: readonly number[], otherwise: number): number => (numbers.length > 0 ? numbers[numbers.length - 1] : otherwise);

/** Windows of a pool over the last dimension, of `beyond` where they are over the end. */
function pooled(self: Node, { size, step, dilation }: Window, padding: number, beyond: number): Node[] {
  const around = padding > 0 ? padded(self, [padding, padding], beyond) : self;
  return seen(around, self.shape.length - 1, { size, step, dilation });
}

function rounding(ceil: boolean): void {
  if (ceil) throw new TraceletError('op', { what: 'a pool', expected: 'ceil_mode False', got: 'True' });
}

function maxPool(self: Node, size: number[], step: number[], padding: number[], dilation: number[], ceil: boolean): Node {
  rounding(ceil);
  const window = { size: size[0], step: onlyOne(step, size[0]), dilation: dilation[0] };
  return pooled(self, window, padding[0], -Infinity).reduce((most, each) => maximum(most, each));
}

function averagePool(self: Node, size: number[], step: number[], padding: number[], ceil: boolean, counts_padding: boolean): Node {
  rounding(ceil);
  if (padding[0] > 0 && !counts_padding)
    throw new TraceletError('op', { what: 'avg_pool1d', expected: 'count_include_pad True, or no padding', got: 'False' });
  const parts = pooled(self, { size: size[0], step: onlyOne(step, size[0]), dilation: 1 }, padding[0], 0);
  return mul(
    parts.reduce((sum, each) => add(sum, each)),
    1 / size[0],
  );
}

/** Pools over all there is. */
function overAll(op: 'mean' | 'amax', self: Node, size: readonly number[]): Node {
  if (size.some((each) => each !== 1))
    throw new TraceletError('op', { what: 'an adaptive pool', expected: 'one that leaves 1', got: `${size}` });
  return reduced(
    op,
    self,
    size.map((_, i) => -1 - i),
    true,
  );
}

/** How a convolution moves over what it sees. */
export interface Moving {
  stride: readonly number[];
  padding: readonly number[];
  dilation: readonly number[];
  groups: number;
}

/** A convolution over [batch, channels, length], as one product of what its windows see. */
export function convolved(input: Node, weight: Node, bias: Node | null, { stride, padding, dilation, groups }: Moving): Node {
  const [out, inner, size] = weight.shape;
  const around = padding.some((count) => count > 0) ? padded(input, [padding[0], padding[padding.length - 1]], 0) : input;
  const rows = transpose(around, 1, 2);
  const window = { size, step: stride[0], dilation: dilation[0] };
  const parts = Array.from({ length: groups }, (_, group) => {
    const own = groups === 1 ? rows : slice(rows, 2, group * inner, (group + 1) * inner, 1);
    const its = groups === 1 ? weight : slice(weight, 0, (group * out) / groups, ((group + 1) * out) / groups, 1);
    return matmul(cat(seen(own, 1, window), 2), reshape(permute(its, [2, 1, 0]), [size * inner, out / groups]));
  });
  const made = cat(parts, 2);
  return transpose(bias ? byElement('add', made, bias) : made, 1, 2);
}

/** Ops that look at elements through a window that moves along a dimension. */
export const WINDOW_OPS: OpTable = {
  unfold: [['Tensor self, int dimension, int size, int step', unfold]],
  max_pool1d: [['Tensor self, int[] kernel_size, int[] stride=[], int[] padding=0, int[] dilation=1, bool ceil_mode=False', maxPool]],
  avg_pool1d: [
    ['Tensor self, int[] kernel_size, int[] stride=[], int[] padding=0, bool ceil_mode=False, bool count_include_pad=True', averagePool],
  ],
  adaptive_avg_pool1d: [['Tensor self, int[] output_size', (self: Node, size: number[]) => overAll('mean', self, size)]],
  adaptive_max_pool1d: [
    [
      'Tensor self, int[] output_size',
      (self: Node, size: number[]) => [overAll('amax', self, size), reduced('argmax', self, [-1], true, 'int64')],
    ],
  ],
};
