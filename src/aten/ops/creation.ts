import { TraceletError } from '../../base/error.ts';
import type { DType } from '../../tensor/dtype.ts';
import { cast, dtypeNumbered } from '../dtypes.ts';
import { axisOf } from '../geometry.ts';
import { linearForm, tableOf } from '../knowledge.ts';
import { unsqueeze } from '../moves.ts';
import type { Node } from '../node.ts';
import { byElement, castTo, chosenBy, counting, filledWith } from '../pointwise.ts';
import type { OpTable, Overloads } from '../schema.ts';
import { onDiagonal } from './diagonals.ts';

/** Ops that make tensors of sizes and numbers. */

const TENSOR = 'any layout=None, any device=None, any pin_memory=None';
const LIKE = `*, int? dtype=None, ${TENSOR}, any memory_format=None`;

const named = (dtype: number | null, otherwise: DType): DType => (dtype === null ? otherwise : dtypeNumbered(dtype));

/** The dtype of a tensor of a number, float32 for floats. */
const dtypeOf = ({ dtype }: Node): DType => (dtype === 'float64' ? 'float32' : dtype);

const numberIn = (node: Node): number => (node.known && 'at' in node.known ? node.known.at(0, 0) : Number.NaN);

/** Start, start + step, … below `end`. */
function range(start: Node, end: Node, step: Node, dtype: number | null): Node {
  const [first, last, by] = [start, end, step].map(numberIn);
  const count = Math.ceil((last - first) / by);
  if (!(count >= 0 && count < 2 ** 31))
    throw new TraceletError('value', { what: 'arange', expected: 'a range of numbers', got: `${first} to ${last} by ${by}` });
  const whole = [start, end, step].every((node) => node.dtype !== 'float64');
  const result = named(dtype, whole ? 'int64' : 'float32');
  return { kind: 'constant', dtype: result, shape: [count], known: linearForm([1], cast(first, result), by) };
}

/** So many numbers from `start` to `end`, as far apart each. */
function spaced(start: Node, end: Node, steps: number, dtype: number | null): Node {
  const [first, last] = [start, end].map(numberIn);
  const by = steps > 1 ? (last - first) / (steps - 1) : 0;
  return { kind: 'constant', dtype: named(dtype, 'float32'), shape: [steps], known: linearForm([1], first, by) };
}

/** 1 on the diagonal, 0 elsewhere. */
const eye = (rows: number, columns: number, dtype: number | null): Node => castTo(onDiagonal(rows, columns), named(dtype, 'float32'));

const filling = (value: number): Overloads => [
  [`int[] size, *, int? dtype=None, ${TENSOR}`, (size: number[], dtype: number | null) => filledWith(value, named(dtype, 'float32'), size)],
];

const fillingLike = (value: number): Overloads => [
  [`Tensor self, ${LIKE}`, (self: Node, dtype: number | null) => filledWith(value, named(dtype, self.dtype), self.shape)],
];

const fillingNew = (value: number): Overloads => [
  [
    `Tensor self, int[] size, *, int? dtype=None, ${TENSOR}`,
    (self: Node, size: number[], dtype: number | null) => filledWith(value, named(dtype, self.dtype), size),
  ],
];

/** Elements of the last two dimensions on one side of a diagonal, 0 elsewhere. */
const triangle =
  (side: 'le' | 'ge') =>
  (self: Node, diagonal: number): Node => {
    const rank = self.shape.length;
    axisOf(1, rank, 'tril or triu');
    const along = (dim: number): Node => counting(self.shape[dim]);
    const behind = byElement('sub', along(rank - 1), unsqueeze(along(rank - 2), 1));
    const kept = byElement(side, behind, filledWith(diagonal, 'int64', []));
    return chosenBy(kept, self, filledWith(0, self.dtype, []), self.dtype);
  };

/** The tensor of a number of Python. */
const scalar = (value: Node): Node => filledWith(numberIn(value), value.dtype === 'float64' ? 'float64' : value.dtype, []);

function listed(values: number[], dtype: number | null): Node {
  const whole = values.every(Number.isInteger);
  return {
    kind: 'constant',
    dtype: named(dtype, whole ? 'int64' : 'float32'),
    shape: [values.length],
    known: tableOf(values, [values.length]),
  };
}

/** Ops that make tensors of sizes and numbers. */
export const CREATION_OPS: OpTable = {
  arange: [
    [`Value end, *, int? dtype=None, ${TENSOR}`, (end: Node, dtype: number | null) => range(zero(), end, one(), dtype)],
    [
      `Value start, Value end, *, int? dtype=None, ${TENSOR}`,
      (start: Node, end: Node, dtype: number | null) => range(start, end, one(), dtype),
    ],
    [`Value start, Value end, Value step, *, int? dtype=None, ${TENSOR}`, range],
  ],
  linspace: [[`Value start, Value end, int steps, *, int? dtype=None, ${TENSOR}`, spaced]],
  eye: [
    [`int n, *, int? dtype=None, ${TENSOR}`, (n: number, dtype: number | null) => eye(n, n, dtype)],
    [`int n, int m, *, int? dtype=None, ${TENSOR}`, eye],
  ],
  zeros: filling(0),
  ones: filling(1),
  empty: filling(0),
  full: [
    [
      `int[] size, Value fill_value, *, int? dtype=None, ${TENSOR}`,
      (size: number[], value: Node, dtype: number | null) => filledWith(numberIn(value), named(dtype, dtypeOf(value)), size),
    ],
  ],
  zeros_like: fillingLike(0),
  ones_like: fillingLike(1),
  empty_like: fillingLike(0),
  full_like: [
    [
      `Tensor self, float fill_value, ${LIKE}`,
      (self: Node, value: number, dtype: number | null) => filledWith(value, named(dtype, self.dtype), self.shape),
    ],
  ],
  new_zeros: fillingNew(0),
  new_ones: fillingNew(1),
  new_empty: fillingNew(0),
  new_full: [
    [
      `Tensor self, int[] size, float fill_value, *, int? dtype=None, ${TENSOR}`,
      (self: Node, size: number[], value: number, dtype: number | null) => filledWith(value, named(dtype, self.dtype), size),
    ],
  ],
  fill: [['Tensor self, float value', (self: Node, value: number) => filledWith(value, self.dtype, self.shape)]],
  zero: [['Tensor self', (self: Node) => filledWith(0, self.dtype, self.shape)]],
  tril: [['Tensor self, int diagonal=0', triangle('le')]],
  triu: [['Tensor self, int diagonal=0', triangle('ge')]],
  NumToTensor: [['Value a', scalar]],
  scalar_tensor: [
    [
      `Value s, *, int? dtype=None, ${TENSOR}`,
      (value: Node, dtype: number | null) => filledWith(numberIn(value), named(dtype, 'float32'), []),
    ],
  ],
  tensor: [
    [
      'Value data, *, int? dtype=None, any device=None, bool requires_grad=False',
      (value: Node, dtype: number | null) => filledWith(numberIn(value), named(dtype, dtypeOf(value)), []),
    ],
    ['int[] data, *, int? dtype=None, any device=None, bool requires_grad=False', listed],
  ],
  device: [['str type, any index=None', (type: string) => type]],
  lift_fresh_copy: [['Tensor self', (self: Node) => self]],
};

const zero = (): Node => filledWith(0, 'int64', []);
const one = (): Node => filledWith(1, 'int64', []);
