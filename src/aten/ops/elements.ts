import { TraceletError } from '../../base/error.ts';
import { made, type Node } from '../node.ts';
import { byElement, castTo, chosenBy, POINTWISE, type PointwiseOp, whole, wrapped } from '../pointwise.ts';
import type { OpTable, Overloads } from '../schema.ts';
import { lowBits } from './wholes.ts';

/** Ops by element under the names and parameters that programs give them. */

const unary = (op: PointwiseOp): Overloads => [['Value self', (self: Node) => byElement(op, self)]];
const binary = (op: PointwiseOp): Overloads => [['Value self, Value other', (self: Node, other: Node) => byElement(op, self, other)]];

/** Sums of booleans are 1 at most, and so is what they make. */
const sum = (self: Node, other: Node): Node => {
  const both = self.dtype === 'bool' && other.dtype === 'bool';
  return both ? byElement('logical_or', self, other) : byElement('add', self, other);
};

const weighed = (other: Node, alpha: Node): Node => (isOne(alpha) ? other : byElement('mul', other, alpha));
const isOne = ({ known }: Node): boolean =>
  known !== undefined && 'linear' in known && known.linear?.start === 1 && known.linear.slope === 0;

const rounded = (self: Node, other: Node, mode: string | null): Node => {
  if (mode === null) return byElement('div', self, other);
  return mode === 'floor' ? byElement('floor_divide', self, other) : byElement('trunc', byElement('div', self, other));
};

const between = (self: Node, least: Node | null, most: Node | null): Node => {
  const above = least ? byElement('maximum', self, least) : self;
  return most ? byElement('minimum', above, most) : above;
};

const numbered = (value: number | null): Node | null =>
  value === null ? null : wrapped(value, Number.isInteger(value) ? 'int64' : 'float64');

/** Of whole numbers and booleans, with the meaning that each has. */
const bitwise = (whole: PointwiseOp, logical: PointwiseOp): Overloads => [
  [
    'Value self, Value other',
    (self: Node, other: Node) => {
      if ([self, other].every(({ dtype }) => dtype === 'bool')) return byElement(logical, self, other);
      return (whole === 'bitwise_and' ? lowBits(self, other) : undefined) ?? byElement(whole, self, other);
    },
  ],
];

const differs = (self: Node, other: Node): Node => byElement('ne', castTo(self, 'bool'), castTo(other, 'bool'));

function xor(self: Node, other: Node): Node {
  if (self.dtype === 'bool' && other.dtype === 'bool') return differs(self, other);
  throw new TraceletError('op', { what: 'bitwise_xor', expected: 'booleans', got: `${self.dtype} and ${other.dtype}` });
}

function inverted(self: Node): Node {
  if (self.dtype === 'bool') return byElement('logical_not', self);
  return byElement('sub', byElement('neg', self), whole(1));
}

const masked = (self: Node, mask: Node, value: Node): Node => chosenBy(mask, value, self, self.dtype);

function gelu(self: Node, approximate: string): Node {
  if (approximate !== 'none' && approximate !== 'tanh')
    throw new TraceletError('value', { what: 'gelu', expected: 'none or tanh', got: approximate });
  return made(approximate === 'none' ? 'gelu' : 'gelu_new', self.dtype, self.shape, [self]);
}

const plain = (op: PointwiseOp): [string, Overloads] => [op, unary(op)];
const UNARY: PointwiseOp[] = [
  ...([
    'neg',
    'abs',
    'sign',
    'ceil',
    'floor',
    'round',
    'trunc',
    'sqrt',
    'rsqrt',
    'reciprocal',
    'exp',
    'log',
    'sin',
    'cos',
    'erf',
    'tanh',
  ] as const),
  ...(['sigmoid', 'relu', 'silu', 'square', 'logical_not', 'isnan'] as const),
];
const BINARY: PointwiseOp[] = [
  'mul',
  'floor_divide',
  'maximum',
  'minimum',
  'eq',
  'ne',
  'lt',
  'le',
  'gt',
  'ge',
  'logical_and',
  'logical_or',
];

/** Ops by element. */
export const ELEMENT_OPS: OpTable = {
  ...Object.fromEntries(UNARY.map(plain)),
  ...Object.fromEntries(BINARY.map((op) => [op, binary(op)])),
  multiply: binary('mul'),
  negative: unary('neg'),
  absolute: unary('abs'),
  sgn: unary('sign'),
  add: [['Value self, Value other, Value alpha=1', (self: Node, other: Node, alpha: Node) => sum(self, weighed(other, alpha))]],
  sub: [
    ['Value self, Value other, Value alpha=1', (self: Node, other: Node, alpha: Node) => byElement('sub', self, weighed(other, alpha))],
  ],
  rsub: [
    ['Value self, Value other, Value alpha=1', (self: Node, other: Node, alpha: Node) => byElement('sub', other, weighed(self, alpha))],
  ],
  div: [['Value self, Value other, str? rounding_mode=None', rounded]],
  true_divide: binary('div'),
  divide: binary('div'),
  pow: [['Value self, Value exponent', (self: Node, exponent: Node) => byElement('pow', self, exponent)]],
  clamp: [
    [
      'Tensor self, float? min=None, float? max=None',
      (self: Node, min: number | null, max: number | null) => between(self, numbered(min), numbered(max)),
    ],
    ['Tensor self, Tensor? min=None, Tensor? max=None', between],
  ],
  clamp_min: [['Tensor self, Value min', (self: Node, min: Node) => between(self, min, null)]],
  clamp_max: [['Tensor self, Value max', (self: Node, max: Node) => between(self, null, max)]],
  where: [['Tensor condition, Value self, Value other', (condition: Node, x: Node, y: Node) => chosenBy(condition, x, y)]],
  masked_fill: [['Tensor self, Tensor mask, Value value', masked]],
  logical_xor: [['Value self, Value other', differs]],
  __xor__: [['Value self, Value other', xor]],
  bitwise_xor: [['Value self, Value other', xor]],
  bitwise_and: bitwise('bitwise_and', 'logical_and'),
  __and__: bitwise('bitwise_and', 'logical_and'),
  bitwise_or: bitwise('bitwise_or', 'logical_or'),
  __or__: bitwise('bitwise_or', 'logical_or'),
  bitwise_not: [['Tensor self', inverted]],
  addcmul: [
    [
      'Tensor self, Tensor tensor1, Tensor tensor2, Value value=1',
      (self: Node, a: Node, b: Node, value: Node) => byElement('add', self, weighed(byElement('mul', a, b), value)),
    ],
  ],
  gelu: [['Tensor self, str approximate=none', gelu]],
  dropout: [
    [
      'Tensor(a) input, float p, bool train',
      (input: Node, _p: number, train: boolean) => {
        if (!train) return input;
        throw new TraceletError('training', {
          what: 'dropout',
          expected: 'a program that was made to predict',
          got: 'one that drops numbers at random',
          cure: 'Call model.eval() before torch.jit.trace or torch.export',
        });
      },
    ],
  ],
};

/** Numbers of Python as an op by element makes them of others. */
export const numbersBy = (op: PointwiseOp, values: readonly number[]): number => POINTWISE[op].compute(...(values as [number, number]));
