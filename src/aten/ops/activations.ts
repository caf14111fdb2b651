import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { axisOf } from '../geometry.ts';
import { narrow, reshape } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { chosenBy, FUNCTIONS, number } from '../pointwise.ts';
import type { OpTable, Overloads } from '../schema.ts';

/** Activations, in the ops by element that they are defined by. */

const { add, sub, mul, div, exp, log, abs, minimum: least, maximum: most, gt: above, sigmoid } = FUNCTIONS;

/** log(1 + eˣ), of no power above 1. */
const softened = (x: Node): Node => add(most(x, 0), log(add(exp(mul(abs(x), -1)), 1)));

const elu = (x: Node, alpha: number, scale: number, input_scale: number): Node =>
  add(mul(most(x, 0), scale), mul(sub(exp(mul(least(x, 0), input_scale)), 1), alpha * scale));

const softplus = (x: Node, beta: number, threshold: number): Node => {
  const scaled = beta === 1 ? x : mul(x, beta);
  return chosenBy(above(scaled, threshold), x, beta === 1 ? softened(x) : div(softened(scaled), beta));
};

const between = (x: Node, low: number, high: number): Node => least(most(x, low), high);
const sixth = (x: Node): Node => mul(between(add(x, 3), 0, 6), 1 / 6);

/** Slopes below 0, one for all or one for each of dimension 1. */
function prelu(x: Node, weight: Node): Node {
  const each = sizeOf(weight.shape) > 1 && x.shape.length > 1;
  const slopes = reshape(weight, each ? [-1, ...new Array(x.shape.length - 2).fill(1)] : weight.shape.slice(0, 1));
  return chosenBy(above(x, 0), x, mul(x, slopes));
}

/** In evaluation the slope is in the middle of those that training draws. */
function randomised(x: Node, slope: number, training: boolean): Node {
  if (!training) return chosenBy(above(x, 0), x, mul(x, slope));
  throw new TraceletError('training', {
    what: 'rrelu',
    expected: 'a program that was made to predict',
    got: 'one that draws slopes at random',
    cure: 'Call model.eval() before torch.jit.trace or torch.export',
  });
}

function shrunk(x: Node, lambda: number): Node {
  return sub(x, between(x, -lambda, lambda));
}

function glu(x: Node, dim: number): Node {
  const axis = axisOf(dim, x.shape.length, 'glu');
  const half = x.shape[axis] / 2;
  return mul(narrow(x, axis, 0, half), sigmoid(narrow(x, axis, half, half)));
}

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };

const plain = (of: (x: Node) => Node): Overloads => [['Tensor self', of]];

/** Activations. */
export const ACTIVATION_OPS: OpTable = {
  elu: [['Tensor self, float alpha=1, float scale=1, float input_scale=1', elu]],
  selu: plain((x) => elu(x, SELU.alpha, SELU.scale, 1)),
  celu: [['Tensor self, float alpha=1', (x: Node, alpha: number) => elu(x, alpha, 1, 1 / alpha)]],
  leaky_relu: [['Tensor self, float negative_slope=0.01', (x: Node, slope: number) => chosenBy(above(x, 0), x, mul(x, slope))]],
  rrelu: [
    [
      'Tensor self, float lower=0.125, float upper=0.3333333333333333, bool training=False, any generator=None',
      (x: Node, lower: number, upper: number, training: boolean) => randomised(x, (lower + upper) / 2, training),
    ],
  ],
  prelu: [['Tensor self, Tensor weight', prelu]],
  _prelu_kernel: [['Tensor self, Tensor weight', prelu]],
  softplus: [['Tensor self, float beta=1, float threshold=20', softplus]],
  mish: plain((x) => made('mish', x.dtype, x.shape, [x])),
  hardtanh: [['Tensor self, float min_val=-1, float max_val=1', between]],
  relu6: plain((x) => between(x, 0, 6)),
  hardsigmoid: plain(sixth),
  hardswish: plain((x) => mul(x, sixth(x))),
  log_sigmoid: plain((x) => sub(least(x, 0), log(add(exp(mul(abs(x), -1)), 1)))),
  threshold: [
    [
      'Tensor self, float threshold, float value',
      (x: Node, threshold: number, value: number) => chosenBy(above(x, threshold), x, number(value)),
    ],
  ],
  softshrink: [['Tensor self, float lambd=0.5', shrunk]],
  hardshrink: [['Tensor self, float lambd=0.5', (x: Node, lambda: number) => chosenBy(above(abs(x), lambda), x, number(0))]],
  glu: [['Tensor self, int dim=-1', glu]],
};
