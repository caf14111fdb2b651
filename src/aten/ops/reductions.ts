import { TraceletError } from '../../base/error.ts';
import type { DType } from '../../tensor/dtype.ts';
import { stridesOf } from '../../tensor/shape.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { cast, dtypeNumbered, isFloating } from '../dtypes.ts';
import { axisOf, placesOf } from '../geometry.ts';
import { isForm, linearForm, tableOf, uniformValue } from '../knowledge.ts';
import { numbersOf, reshape, slice, squeeze } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { byElement, castTo, chosenBy, filledWith, number, whole } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable, Overloads } from '../schema.ts';
import { cat } from './joining.ts';

/** Ops along dimensions: what many numbers come to, or how far they have come. */

/** How reductions of constants are computed. */
const FOLDS: Readonly<Partial<Record<string, (values: Float64Array) => number>>> = {
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  amax: (values) => values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
  amin: (values) => values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
  prod: (values) => values.reduce((product, value) => product * value, 1),
  any: (values) => Number(values.some((value) => value !== 0)),
  all: (values) => Number(values.every((value) => value !== 0)),
};

const axesOf = (node: Node, dims: readonly number[] | null, what: string): number[] => {
  const rank = node.shape.length;
  const axes = dims === null || dims.length === 0 ? [...node.shape.keys()] : dims.map((dim) => axisOf(dim, Math.max(rank, 1), what));
  return [...new Set(axes)].filter((axis) => axis < rank).sort((a, b) => a - b);
};

/** `op` over `dims`, all where there are none. */
export function reduced(op: string, node: Node, dims: readonly number[] | null, keepdim: boolean, dtype: DType = node.dtype): Node {
  const axes = axesOf(node, dims, op);
  const kept = node.shape.map((size, i) => (axes.includes(i) ? 1 : size));
  const shape = keepdim ? kept : node.shape.filter((_, i) => !axes.includes(i));
  const folded = foldedOf(op, node, axes);
  if (folded) {
    const values = folded.map((value) => cast(value, dtype));
    return { kind: 'constant', dtype, shape, known: tableOf(values, shape) };
  }
  return simplified(made(op, dtype, shape, [node], { dims: axes, keepdim }));
}

function foldedOf(op: string, node: Node, axes: readonly number[]): Float64Array | undefined {
  const fold = FOLDS[op];
  const values = node.kind === 'constant' ? numbersOf(node) : undefined;
  if (!values || !fold) return undefined;
  const steps = stridesOf(node.shape);
  const others = [...node.shape.keys()].filter((axis) => !axes.includes(axis));
  const pick = (dims: readonly number[], from: readonly number[]): number[] => dims.map((dim) => from[dim]);
  const within = [...placesOf(pick(axes, node.shape), pick(axes, steps), 0)];
  const starts = [...placesOf(pick(others, node.shape), pick(others, steps), 0)];
  return Float64Array.from(starts, (start) => fold(Float64Array.from(within, (place) => values[start + place])));
}

const summedAs = (node: Node, dtype: number | null): DType => {
  if (dtype !== null) return dtypeNumbered(dtype);
  return isFloating(node.dtype) ? node.dtype : 'int64';
};

const sum = (self: Node, dims: number[] | null, keepdim: boolean, dtype: number | null): Node =>
  reduced('sum', castTo(self, summedAs(self, dtype)), dims, keepdim);

const mean = (self: Node, dims: number[] | null, keepdim: boolean, dtype: number | null): Node =>
  reduced('mean', to(self, dtype), dims, keepdim);

/** How many numbers of a row its variance is divided by: one less than there are, or as `correction` says. */
function variance(self: Node, dims: number[] | null, correction: number, keepdim: boolean): Node {
  const axes = axesOf(self, dims, 'var');
  return made('var', self.dtype, reduced('mean', self, axes, keepdim).shape, [self], { dims: axes, keepdim, correction });
}

export const to = (self: Node, dtype: number | null): Node => (dtype === null ? self : castTo(self, dtypeNumbered(dtype)));

const biased = (unbiased: boolean): number => Number(unbiased);
const root = (node: Node): Node => byElement('sqrt', node);

/** How far sums along a dimension have come. */
export function cumsum(self: Node, dim: number, dtype: number | null): Node {
  const axis = axisOf(dim, Math.max(self.shape.length, 1), 'cumsum');
  const result = summedAs(self, dtype);
  const value = uniformValue(self.known);
  if (value !== undefined && Number.isInteger(value)) {
    const along = self.shape.map((_, i) => (i === axis ? 1 : 0));
    return { kind: 'constant', dtype: result, shape: self.shape, known: linearForm(along, value, value) };
  }
  const values = self.kind === 'constant' ? numbersOf(self) : undefined;
  if (!values) return simplified(made('cumsum', result, self.shape, [castTo(self, result)], { dim: axis }));
  const [step, size] = [stridesOf(self.shape)[axis], self.shape[axis]];
  for (let i = 0; i < values.length; i++) if (Math.floor(i / step) % size > 0) values[i] += values[i - step];
  return { kind: 'constant', dtype: result, shape: self.shape, known: tableOf(values, self.shape) };
}

const along = (op: string, self: Node, dim: number, dtype: number | null): Node => {
  const x = to(self, dtype);
  return simplified(made(op, x.dtype, x.shape, [x], { dim: axisOf(dim, Math.max(x.shape.length, 1), op) }));
};

/** The most or least of a dimension, and where it is. */
const extreme = (op: 'amax' | 'amin', where: 'argmax' | 'argmin') => (self: Node, dim: number, keepdim: boolean) => {
  const at = made(where, 'int64', reduced(op, self, [dim], keepdim).shape, [self], { dims: axesOf(self, [dim], op), keepdim });
  return [reduced(op, self, [dim], keepdim), at];
};

const argmax = (op: 'argmax' | 'argmin') => (self: Node, dim: number | null, keepdim: boolean) => {
  const x = dim === null ? reshape(self, [sizeOf(self.shape)]) : self;
  const axes = axesOf(x, [dim ?? 0], op);
  const kept = reduced('amax', x, axes, keepdim).shape;
  return made(op, 'int64', kept, [x], { dims: axes, keepdim });
};

/** Length of vectors along dimensions, by the order of the norm. */
const norm = (self: Node, order: number | null, dims: number[] | null, keepdim: boolean): Node => {
  const ord = order ?? 2;
  if (ord === 2) return root(reduced('sum', byElement('mul', self, self), dims, keepdim));
  const size = byElement('abs', self);
  if (ord === 1) return reduced('sum', size, dims, keepdim);
  if (ord === 0) return reduced('sum', castTo(byElement('ne', self, whole(0)), self.dtype), dims, keepdim);
  if (!Number.isFinite(ord)) return reduced(ord > 0 ? 'amax' : 'amin', size, dims, keepdim);
  const powers = reduced('sum', byElement('pow', size, number(ord)), dims, keepdim);
  return byElement('pow', powers, number(1 / ord));
};

/** {@link norm} of vectors alone: of all elements, or along one dimension. */
function vectorNorm(self: Node, ord: number | null, dims: number[] | null, keepdim: boolean): Node {
  if (dims?.length === 1 || (dims === null && (ord === null || self.shape.length === 1))) return norm(self, ord, dims, keepdim);
  throw new TraceletError('op', { what: 'linalg_norm', expected: 'the norm of vectors, along one dimension', got: 'that of matrices' });
}

/** log Σ eˣ, of no power above 1. */
function logSumExp(self: Node, dims: number[], keepdim: boolean): Node {
  const most = reduced('amax', self, dims, true);
  const finite = chosenBy(byElement('lt', byElement('abs', most), number(Infinity)), most, number(0));
  const sum = byElement('log', reduced('sum', byElement('exp', byElement('sub', self, finite)), dims, true));
  const found = byElement('add', sum, finite);
  return keepdim ? found : squeeze(found, dims);
}

/** Whether any, or all, are not 0. */
const whether =
  (op: 'any' | 'all') =>
  (self: Node, dims: number[] | null, keepdim: boolean): Node =>
    reduced(op, self, dims, keepdim, 'bool');

/** Each element less the one before it; `prepend` stands before the first. */
function diff(self: Node, n: number, dim: number, prepend: Node | null, append: Node | null): Node {
  const axis = axisOf(dim, self.shape.length, 'diff');
  const joined =
    prepend || append
      ? cat(
          [prepend, self, append].filter((each) => each !== null),
          axis,
        )
      : self;
  const step = prepend && !append ? stepOf(self, prepend, axis) : undefined;
  const once = step ?? byElement('sub', slice(joined, axis, 1, null, 1), slice(joined, axis, 0, -1, 1));
  return n > 1 ? diff(once, n - 1, axis, null, null) : once;
}

/** The step of a line that begins one step behind `prepend`. */
function stepOf({ known, shape, dtype }: Node, prepend: Node, axis: number): Node | undefined {
  const before = prepend.known && isForm(prepend.known) ? prepend.known.linear : undefined;
  const line = known && isForm(known) ? known.linear : undefined;
  if (!known || !line || !before || prepend.known?.by.some((step) => step !== 0)) return undefined;
  const step = line.slope * known.by[axis];
  const straight = known.by.every((each, i) => i === axis || each === 0) && line.start - before.start === step;
  return straight ? filledWith(step, dtype, shape) : undefined;
}

type Spread = (self: Node, dims: number[] | null, correction: number, keepdim: boolean) => Node;

/** How far numbers lie from their mean, and that. */
const beside = (spread: Spread): Overloads => [
  [
    'Tensor self, int[]? dim, bool unbiased=True, bool keepdim=False',
    (self: Node, dims: number[] | null, unbiased: boolean, keepdim: boolean) => [
      spread(self, dims, biased(unbiased), keepdim),
      mean(self, dims, keepdim, null),
    ],
  ],
  [
    'Tensor self, int[]? dim=None, float? correction=None, bool keepdim=False',
    (self: Node, dims: number[] | null, correction: number | null, keepdim: boolean) => [
      spread(self, dims, correction ?? 1, keepdim),
      mean(self, dims, keepdim, null),
    ],
  ],
];

const DIMS = 'int[]? dim=None, bool keepdim=False';

/** Ops along dimensions. */
export const REDUCTION_OPS: OpTable = {
  sum: [
    ['Tensor self, int? dtype=None', (self: Node, dtype: number | null) => sum(self, null, false, dtype)],
    [`Tensor self, ${DIMS}, int? dtype=None`, sum],
  ],
  mean: [
    ['Tensor self, int? dtype=None', (self: Node, dtype: number | null) => mean(self, null, false, dtype)],
    [`Tensor self, ${DIMS}, int? dtype=None`, mean],
  ],
  var: [
    [
      'Tensor self, int[]? dim, bool unbiased=True, bool keepdim=False',
      (self: Node, dims: number[] | null, unbiased: boolean, keepdim: boolean) => variance(self, dims, biased(unbiased), keepdim),
    ],
    [
      'Tensor self, int[]? dim=None, float? correction=None, bool keepdim=False',
      (self: Node, dims: number[] | null, correction: number | null, keepdim: boolean) => variance(self, dims, correction ?? 1, keepdim),
    ],
  ],
  std: [
    [
      'Tensor self, int[]? dim, bool unbiased=True, bool keepdim=False',
      (self: Node, dims: number[] | null, unbiased: boolean, keepdim: boolean) => root(variance(self, dims, biased(unbiased), keepdim)),
    ],
    [
      'Tensor self, int[]? dim=None, float? correction=None, bool keepdim=False',
      (self: Node, dims: number[] | null, correction: number | null, keepdim: boolean) =>
        root(variance(self, dims, correction ?? 1, keepdim)),
    ],
  ],
  amax: [[`Tensor self, ${DIMS}`, (self: Node, dims: number[] | null, keepdim: boolean) => reduced('amax', self, dims, keepdim)]],
  amin: [[`Tensor self, ${DIMS}`, (self: Node, dims: number[] | null, keepdim: boolean) => reduced('amin', self, dims, keepdim)]],
  max: [
    ['Tensor self', (self: Node) => reduced('amax', self, null, false)],
    [
      'Tensor self, int dim, bool keepdim=False',
      (self: Node, dim: number, keepdim: boolean) => extreme('amax', 'argmax')(self, dim, keepdim),
    ],
    ['Tensor self, Tensor other', (self: Node, other: Node) => byElement('maximum', self, other)],
  ],
  min: [
    ['Tensor self', (self: Node) => reduced('amin', self, null, false)],
    [
      'Tensor self, int dim, bool keepdim=False',
      (self: Node, dim: number, keepdim: boolean) => extreme('amin', 'argmin')(self, dim, keepdim),
    ],
    ['Tensor self, Tensor other', (self: Node, other: Node) => byElement('minimum', self, other)],
  ],
  argmax: [['Tensor self, int? dim=None, bool keepdim=False', argmax('argmax')]],
  argmin: [['Tensor self, int? dim=None, bool keepdim=False', argmax('argmin')]],
  cumsum: [['Tensor self, int dim, int? dtype=None', cumsum]],
  softmax: [
    ['Tensor self, int dim, int? dtype=None', (self: Node, dim: number, dtype: number | null) => along('softmax', self, dim, dtype)],
  ],
  _softmax: [['Tensor self, int dim, bool half_to_float', (self: Node, dim: number) => along('softmax', self, dim, null)]],
  log_softmax: [
    ['Tensor self, int dim, int? dtype=None', (self: Node, dim: number, dtype: number | null) => along('log_softmax', self, dim, dtype)],
  ],
  _log_softmax: [['Tensor self, int dim, bool half_to_float', (self: Node, dim: number) => along('log_softmax', self, dim, null)]],
  norm: [[`Tensor self, float? p=2, ${DIMS}, int? dtype=None`, norm]],
  linalg_vector_norm: [[`Tensor self, float ord=2, ${DIMS}, int? dtype=None`, norm]],
  linalg_norm: [[`Tensor self, float? ord=None, ${DIMS}, int? dtype=None`, vectorNorm]],
  logsumexp: [['Tensor self, int[] dim, bool keepdim=False', logSumExp]],
  any: [[`Tensor self, ${DIMS}`, whether('any')]],
  all: [[`Tensor self, ${DIMS}`, whether('all')]],
  var_mean: beside(variance),
  std_mean: beside((self, dims, correction, keepdim) => root(variance(self, dims, correction, keepdim))),
  aminmax: [
    [
      'Tensor self, *, int? dim=None, bool keepdim=False',
      (self: Node, dim: number | null, keepdim: boolean) =>
        ['amin', 'amax'].map((op) => reduced(op, self, dim === null ? null : [dim], keepdim)),
    ],
  ],
  diff: [['Tensor self, int n=1, int dim=-1, Tensor? prepend=None, Tensor? append=None', diff]],
};
