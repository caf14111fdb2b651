import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { promoted } from '../dtypes.ts';
import { axisOf } from '../geometry.ts';
import { tableOf } from '../knowledge.ts';
import { copied, expand, narrow, numbersOf, reshape, unsqueeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { castTo, counting, filledWith } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';

/** Ops that put tensors, or parts of one, together. */

/** Tensors side by side along a dimension. */
export function cat(given: readonly Node[], dim: number): Node {
  const tensors = given.filter(({ shape }) => given.length === 1 || shape.length !== 1 || shape[0] !== 0);
  const [first] = tensors;
  if (!first) throw new TraceletError('value', { what: 'cat', expected: 'at least one tensor', got: 'none' });
  const axis = axisOf(dim, first.shape.length, 'cat');
  for (const { shape } of tensors)
    if (shape.length !== first.shape.length || shape.some((size, i) => i !== axis && size !== first.shape[i]))
      throw new TraceletError('shape', { what: 'cat', expected: `[${first.shape}] but for dimension ${axis}`, got: `[${shape}]` });
  if (tensors.length === 1) return first;
  const dtype = promoted(tensors);
  const shape = first.shape.with(
    axis,
    tensors.reduce((sum, each) => sum + each.shape[axis], 0),
  );
  const values = tensors.map((each) => (each.kind === 'constant' ? numbersOf(each) : undefined));
  if (values.every((each) => each !== undefined))
    return { kind: 'constant', dtype, shape, known: tableOf(joined(tensors, values, axis), shape) };
  const parts = tensors.filter((each) => each.shape[axis] > 0).map((each) => castTo(each, dtype));
  return parts.length === 1 ? parts[0] : simplified(made('cat', dtype, shape, parts, { dim: axis }));
}

function joined(tensors: readonly Node[], values: readonly Float64Array[], axis: number): Float64Array {
  const widths = tensors.map(({ shape }) => sizeOf(shape.slice(axis)));
  const rows = sizeOf(tensors[0].shape.slice(0, axis));
  const width = widths.reduce((sum, each) => sum + each, 0);
  const out = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let at = row * width;
    values.forEach((each, i) => {
      out.set(each.subarray(row * widths[i], (row + 1) * widths[i]), at);
      at += widths[i];
    });
  }
  return out;
}

const stack = (tensors: Node[], dim: number): Node => {
  const axis = axisOf(dim, (tensors[0]?.shape.length ?? 0) + 1, 'stack');
  return cat(
    tensors.map((each) => unsqueeze(each.kind === 'view' ? copied(each) : each, axis)),
    axis,
  );
};

/** With so many dimensions, new ones before the first. */
const withRank = (node: Node, rank: number): Node => (node.shape.length < rank ? withRank(unsqueeze(node, 0), rank) : node);

/** Copies of a tensor side by side, so many along each dimension. */
function repeat(self: Node, repeats: readonly number[]): Node {
  if (repeats.length < self.shape.length)
    throw new TraceletError('shape', { what: 'repeat', expected: `at least ${self.shape.length} numbers`, got: `${repeats.length}` });
  return repeats.reduce(
    (node, count, dim) => {
      const { shape } = node;
      if (shape[dim] === 1) return expand(node, shape.with(dim, count));
      if (count === 1) return node;
      return reshape(expand(unsqueeze(node, dim), shape.toSpliced(dim, 0, count)), shape.with(dim, count * shape[dim]));
    },
    withRank(self, repeats.length),
  );
}

const tile = (self: Node, dims: readonly number[]): Node =>
  repeat(self, [...new Array(Math.max(0, self.shape.length - dims.length)).fill(1), ...dims]);

/** Each element of a dimension so many times, one beside the other. */
function repeatInterleave(self: Node, repeats: number, dim: number | null): Node {
  if (dim === null) return repeatInterleave(reshape(self, [-1]), repeats, 0);
  const axis = axisOf(dim, self.shape.length, 'repeat_interleave');
  const apart = unsqueeze(self, axis + 1);
  return reshape(expand(apart, apart.shape.with(axis + 1, repeats)), self.shape.with(axis, self.shape[axis] * repeats));
}

/** A part of a dimension from `start` on. */
const from = (node: Node, axis: number, start: number, length = node.shape[axis] - start): Node => narrow(node, axis, start, length);

/** Elements moved along dimensions, those that leave at one end back in at the other. */
function roll(self: Node, shifts: readonly number[], dims: readonly number[]): Node {
  if (dims.length === 0) return reshape(roll(reshape(self, [-1]), shifts, [0]), self.shape);
  return dims.reduce((node, dim, i) => {
    const axis = axisOf(dim, node.shape.length, 'roll');
    const size = node.shape[axis];
    const shift = size > 0 ? ((shifts[i] % size) + size) % size : 0;
    return shift === 0 ? node : cat([from(node, axis, size - shift), from(node, axis, 0, size - shift)], axis);
  }, self);
}

/** Elements of dimensions in reverse. */
const flip = (self: Node, dims: readonly number[]): Node =>
  dims.reduce((node, dim) => {
    const axis = axisOf(dim, node.shape.length, 'flip');
    const size = node.shape[axis];
    if (size < 2) return node;
    const backwards = counting(size, size - 1, -1);
    const values = node.kind === 'constant' ? numbersOf(node) : undefined;
    if (!values) return made('index_select', node.dtype, node.shape, [node, backwards], { dim: axis });
    const step = sizeOf(node.shape.slice(axis + 1));
    const turned = values.map((_, i) => values[i + (size - 1 - 2 * (Math.floor(i / step) % size)) * step]);
    return { kind: 'constant', dtype: node.dtype, shape: node.shape, known: tableOf(turned, node.shape) };
  }, self);

/** Each dimension, from the last on, as the parts that `joined` makes of it and of how many elements more are wanted before and behind. */
const atEnds = (
  self: Node,
  pad: readonly number[],
  joined: (node: Node, axis: number, before: number, behind: number) => readonly Node[],
): Node =>
  Array.from({ length: Math.ceil(pad.length / 2) }).reduce<Node>((node, _, i) => {
    const axis = axisOf(-1 - i, node.shape.length, 'pad');
    return cat(joined(node, axis, pad[2 * i], pad[2 * i + 1] ?? 0), axis);
  }, self);

/** More elements before and behind those of dimensions, from the last on; fewer where numbers are negative. */
export const padded = (self: Node, pad: readonly number[], value: number): Node =>
  atEnds(self, pad, (node, axis, before, behind) => {
    const kept = from(node, axis, Math.max(0, -before), node.shape[axis] + Math.min(0, before) + Math.min(0, behind));
    const filled = (count: number): Node[] => (count > 0 ? [filledWith(value, node.dtype, node.shape.with(axis, count))] : []);
    return [...filled(before), kept, ...filled(behind)];
  });

/** What stands before and behind a dimension, of its own elements: so many of them. */
type Around = (node: Node, axis: number, before: number, behind: number) => [before: Node, behind: Node];

const AROUND: Readonly<Record<string, Around>> = {
  reflect: (node, axis, before, behind) => [
    flip(from(node, axis, 1, before), [axis]),
    flip(from(node, axis, node.shape[axis] - 1 - behind, behind), [axis]),
  ],
  replicate: (node, axis, before, behind) => {
    const end = (at: number, count: number): Node => expand(from(node, axis, at, 1), node.shape.with(axis, count));
    return [end(0, before), end(node.shape[axis] - 1, behind)];
  },
  circular: (node, axis, before, behind) => [from(node, axis, node.shape[axis] - before, before), from(node, axis, 0, behind)],
};

const paddedWith = (around: Around, self: Node, pad: readonly number[]): Node =>
  atEnds(self, pad, (node, axis, before, behind) => {
    if (before < 0 || behind < 0) throw new TraceletError('value', { what: 'pad', expected: 'numbers from 0', got: `${pad}` });
    const [first, last] = around(node, axis, before, behind);
    return [first, node, last].filter((part) => part.shape[axis] > 0);
  });

function padBy(self: Node, pad: readonly number[], mode: string, value: number | null): Node {
  if (mode === 'constant') return padded(self, pad, value ?? 0);
  if (!Object.hasOwn(AROUND, mode))
    throw new TraceletError('value', { what: 'pad: mode', expected: `constant, ${Object.keys(AROUND).join(', ')}`, got: mode });
  return paddedWith(AROUND[mode], self, pad);
}

/** `self` with `src` in the place of a part. */
export function placed(self: Node, src: Node, axis: number, start: number): Node {
  const count = src.shape[axis];
  const [before, behind] = [from(self, axis, 0, start), from(self, axis, start + count)];
  return cat(
    [before, castTo(src, self.dtype), behind].filter((part) => part.shape[axis] > 0),
    axis,
  );
}

function beside(tensors: readonly Node[], dim: number, rank: number): Node {
  const all = tensors.map((each) => withRank(each, rank));
  return cat(all, all[0]?.shape.length === 1 ? 0 : dim);
}

/** Ops that put tensors, or parts of one, together. */
export const JOINING_OPS: OpTable = {
  cat: [['Tensor[] tensors, int dim=0', cat]],
  concat: [['Tensor[] tensors, int dim=0', cat]],
  concatenate: [['Tensor[] tensors, int dim=0', cat]],
  stack: [['Tensor[] tensors, int dim=0', stack]],
  hstack: [['Tensor[] tensors', (tensors: Node[]) => beside(tensors, 1, 1)]],
  vstack: [['Tensor[] tensors', (tensors: Node[]) => beside(tensors, 0, 2)]],
  repeat: [['Tensor self, int[] repeats', repeat]],
  tile: [['Tensor self, int[] dims', tile]],
  repeat_interleave: [['Tensor self, int repeats, int? dim=None, any output_size=None', repeatInterleave]],
  roll: [
    ['Tensor self, int[] shifts', (self: Node, shifts: number[]) => roll(self, shifts, [])],
    ['Tensor self, int[] shifts, int[] dims', roll],
  ],
  flip: [['Tensor self, int[] dims', flip]],
  pad: [['Tensor self, int[] pad, str mode=constant, float? value=None', padBy]],
  constant_pad_nd: [['Tensor self, int[] pad, float value=0', padded]],
  select_scatter: [
    [
      'Tensor self, Tensor src, int dim, int index',
      (self: Node, src: Node, dim: number, index: number) => {
        const axis = axisOf(dim, self.shape.length, 'select_scatter');
        return placed(self, unsqueeze(src, axis), axis, index < 0 ? index + self.shape[axis] : index);
      },
    ],
  ],
};
