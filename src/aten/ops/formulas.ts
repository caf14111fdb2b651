import { axisOf } from '../geometry.ts';
import { expand, permute, reshape, unsqueeze } from '../moves.ts';
import type { Node } from '../node.ts';
import { byElement, castTo, chosenBy, FUNCTIONS, number } from '../pointwise.ts';
import type { OpTable, Overloads } from '../schema.ts';
import { matmul } from './products.ts';
import { reduced } from './reductions.ts';

/** Functions of one or several tensors, in the ops by element that they are defined by. */

const { add, sub, mul, div, exp, log, sin, cos, sqrt, erf, abs, trunc, pow } = FUNCTIONS;
const { eq, ne, lt, maximum, sign, square } = FUNCTIONS;
const most = maximum;

const plain = (of: (x: Node) => Node): Overloads => [['Tensor self', of]];

/** What is left of a division that is rounded towards 0: with the sign of `self`. */
const fmod = (self: Node, other: Node): Node => {
  const whole = byElement('mul', self, other).dtype;
  return byElement('sub', self, byElement('mul', other, castTo(trunc(div(self, other)), whole)));
};

const MOST_FLOAT = 2 ** 128 - 2 ** 104;

const numeric = (x: Node, nan: number | null, high: number | null, low: number | null): Node => {
  const finite = chosenBy(eq(x, Infinity), number(high ?? MOST_FLOAT), chosenBy(eq(x, -Infinity), number(low ?? -MOST_FLOAT), x));
  return castTo(chosenBy(ne(x, x), number(nan ?? 0), finite), x.dtype);
};

const logit = (x: Node, eps: number | null): Node => {
  const within = eps === null ? x : byElement('minimum', most(x, eps), number(1 - eps));
  return log(div(within, sub(1, within)));
};

const lengths = (x: Node, dim: number, keepdim: boolean): Node => sqrt(reduced('sum', mul(x, x), [dim], keepdim));

function cosine(a: Node, b: Node, dim: number, eps: number): Node {
  const [x, y] = together(a, b);
  const product = mul(most(lengths(x, dim, false), eps), most(lengths(y, dim, false), eps));
  return div(reduced('sum', mul(x, y), [dim], false), product);
}

/** Two tensors repeated to one shape. */
function together(a: Node, b: Node): [Node, Node] {
  const { shape } = add(a, b);
  return [expand(a, shape), expand(b, shape)];
}

const distance = (a: Node, b: Node, p: number, eps: number, keepdim: boolean): Node => {
  const apart = add(sub(a, b), eps);
  if (p === 2) return lengths(apart, -1, keepdim);
  return pow(reduced('sum', pow(abs(apart), p), [-1], keepdim), 1 / p);
};

/** The sum of products over dimensions of both, as a product of matrices. */
function tensordot(a: Node, b: Node, dims: readonly number[], others: readonly number[]): Node {
  const [left, right] = [
    dims.map((dim) => axisOf(dim, a.shape.length, 'tensordot')),
    others.map((dim) => axisOf(dim, b.shape.length, 'tensordot')),
  ];
  const [rows, columns] = [[...a.shape.keys()].filter((i) => !left.includes(i)), [...b.shape.keys()].filter((i) => !right.includes(i))];
  const sizes = (of: Node, axes: readonly number[]): number[] => axes.map((axis) => of.shape[axis]);
  const count = (all: readonly number[]): number => all.reduce((product, size) => product * size, 1);
  const inner = count(sizes(a, left));
  const product = matmul(
    reshape(permute(a, [...rows, ...left]), [count(sizes(a, rows)), inner]),
    reshape(permute(b, [...right, ...columns]), [inner, count(sizes(b, columns))]),
  );
  return reshape(product, [...sizes(a, rows), ...sizes(b, columns)]);
}

/** Distances of each row of `a` and each of `b`. */
function distances(a: Node, b: Node, p: number): Node {
  const apart = abs(sub(unsqueeze(a, -2), unsqueeze(b, -3)));
  if (p === 2) return lengths(apart, -1, false);
  if (p === 1) return reduced('sum', apart, [-1], false);
  if (!Number.isFinite(p)) return reduced('amax', apart, [-1], false);
  if (p === 0) return reduced('sum', castTo(ne(apart, 0), a.dtype), [-1], false);
  return pow(reduced('sum', pow(apart, p), [-1], false), 1 / p);
}

/** x1ᵀ · W · x2 + b for each W of `weight` [out, in1, in2]. */
function bilinear(a: Node, b: Node, weight: Node, bias: Node | null): Node {
  const [out, first, second] = weight.shape;
  const rows = matmul(a, reshape(permute(weight, [1, 0, 2]), [first, out * second]));
  const apart = reshape(rows, [...a.shape.slice(0, -1), out, second]);
  const made = reduced('sum', mul(apart, unsqueeze(b, -2)), [-1], false);
  return bias ? add(made, bias) : made;
}

/** log(eˣ + eʸ), of no power above 1. */
const logAddExp = (a: Node, b: Node, base: number): Node => {
  const [most, apart] = [maximum(a, b), abs(sub(a, b))];
  return add(most, mul(log(add(exp(mul(apart, -Math.log(base))), 1)), 1 / Math.log(base)));
};

const asinh = (x: Node): Node => mul(sign(x), log(add(abs(x), sqrt(add(mul(x, x), 1)))));

/** Functions of one or several tensors. */
export const FORMULA_OPS: OpTable = {
  log1p: plain((x) => log(add(x, 1))),
  expm1: plain((x) => sub(exp(x), 1)),
  log2: plain((x) => mul(log(x), Math.LOG2E)),
  log10: plain((x) => mul(log(x), Math.LOG10E)),
  exp2: plain((x) => exp(mul(x, Math.LN2))),
  tan: plain((x) => div(sin(x), cos(x))),
  sinh: plain((x) => mul(sub(exp(x), exp(mul(x, -1))), 0.5)),
  cosh: plain((x) => mul(add(exp(x), exp(mul(x, -1))), 0.5)),
  erfc: plain((x) => sub(1, erf(x))),
  frac: plain((x) => sub(x, trunc(x))),
  deg2rad: plain((x) => mul(x, Math.PI / 180)),
  rad2deg: plain((x) => mul(x, 180 / Math.PI)),
  logit: [['Tensor self, float? eps=None', logit]],
  isinf: plain((x) => eq(abs(x), Infinity)),
  isfinite: plain((x) => lt(abs(x), Infinity)),
  nan_to_num: [['Tensor self, float? nan=None, float? posinf=None, float? neginf=None', numeric]],
  fmod: [['Value self, Value other', fmod]],
  lerp: [['Tensor self, Tensor end, Value weight', (a: Node, b: Node, weight: Node) => add(a, mul(weight, sub(b, a)))]],
  addcdiv: [
    [
      'Tensor self, Tensor tensor1, Tensor tensor2, Value value=1',
      (self: Node, a: Node, b: Node, value: Node) => add(self, mul(value, div(a, b))),
    ],
  ],
  cosine_similarity: [['Tensor x1, Tensor x2, int dim=1, float eps=1e-8', cosine]],
  pairwise_distance: [['Tensor x1, Tensor x2, float p=2, float eps=1e-6, bool keepdim=False', distance]],
  cdist: [['Tensor x1, Tensor x2, float p=2, any compute_mode=None', distances]],
  _euclidean_dist: [['Tensor x1, Tensor x2', (a: Node, b: Node) => distances(a, b, 2)]],
  bilinear: [['Tensor input1, Tensor input2, Tensor weight, Tensor? bias=None', bilinear]],
  dist: [['Tensor self, Tensor other', (a: Node, b: Node) => sqrt(reduced('sum', square(sub(a, b)), null, false))]],
  logaddexp: [['Tensor self, Tensor other', (a: Node, b: Node) => logAddExp(a, b, Math.E)]],
  logaddexp2: [['Tensor self, Tensor other', (a: Node, b: Node) => logAddExp(a, b, 2)]],
  hypot: [['Tensor self, Tensor other', (a: Node, b: Node) => sqrt(add(mul(a, a), mul(b, b)))]],
  xlogy: [['Value self, Value other', (a: Node, b: Node) => chosenBy(ne(b, b), b, chosenBy(eq(a, 0), number(0), mul(a, log(b))))]],
  heaviside: [['Tensor self, Tensor values', (x: Node, at: Node) => castTo(chosenBy(eq(x, 0), at, castTo(lt(0, x), x.dtype)), x.dtype)]],
  asinh: plain(asinh),
  acosh: plain((x) => log(add(x, sqrt(sub(mul(x, x), 1))))),
  atanh: plain((x) => mul(log(div(add(x, 1), sub(1, x))), 0.5)),
  sinc: plain((x) => chosenBy(eq(x, 0), number(1), div(sin(mul(x, Math.PI)), mul(x, Math.PI)))),
  signbit: plain((x) => lt(x, 0)),
  count_nonzero: [
    ['Tensor self, int[]? dim=None', (x: Node, dims: number[] | null) => reduced('sum', castTo(ne(x, 0), 'int64'), dims, false)],
  ],
  tensordot: [['Tensor self, Tensor other, int[] dims_self, int[] dims_other', tensordot]],
};
