import * as F from '../../nn/functional.ts';
import { Module } from '../../nn/module.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** Classes of torch.nn that are made without arguments, with the numbers that they have then. */

/** x where it is above 0, else so much of it. */
const leaking =
  (slope: number) =>
  (x: Tensor): Tensor =>
    F.maximum(x, F.mul(x, slope));

/** log(1 + e^x), of no power above 1. */
const softplus = (x: Tensor): Tensor => F.add(F.relu(x), F.log(F.add(F.exp(F.neg(F.abs(x))), 1)));

const elu = (x: Tensor, alpha = 1): Tensor => F.add(F.relu(x), F.mul(F.sub(F.exp(F.minimum(x, 0)), 1), alpha));

const hardsigmoid = (x: Tensor): Tensor => F.mul(F.clamp(F.add(x, 3), 0, 6), 1 / 6);

const SELU = { alpha: 1.6732632423543772, scale: 1.0507009873554805 };
/** Between an eighth and a third, which it draws from in training. */
const RRELU = (1 / 8 + 1 / 3) / 2;
const SHRUNK = 0.5;

type Activation = (x: Tensor) => Tensor;

const FUNCTIONS: Readonly<Record<string, Activation>> = {
  Identity: (x) => x,
  CELU: (x) => elu(x),
  ELU: (x) => elu(x),
  GELU: (x) => F.gelu(x),
  Hardshrink: (x) => F.where(F.gt(F.abs(x), SHRUNK), x, 0) as Tensor,
  Hardsigmoid: hardsigmoid,
  Hardswish: (x) => F.mul(x, hardsigmoid(x)),
  Hardtanh: (x) => F.clamp(x, -1, 1),
  LeakyReLU: leaking(0.01),
  LogSigmoid: (x) => F.neg(softplus(F.neg(x))),
  Mish: (x) => F.activation('mish', x),
  ReLU: F.relu,
  ReLU6: (x) => F.activation('relu6', x),
  RReLU: leaking(RRELU),
  SELU: (x) => F.mul(elu(x, SELU.alpha), SELU.scale),
  SiLU: F.silu,
  Sigmoid: F.sigmoid,
  Softplus: softplus,
  Softshrink: (x) => F.sub(x, F.clamp(x, -SHRUNK, SHRUNK)),
  Softsign: (x) => F.div(x, F.add(F.abs(x), 1)),
  Tanh: F.tanh,
  Tanhshrink: (x) => F.sub(x, F.tanh(x)),
};

/** As `torch.nn.PReLU`: a slope below 0 that was learned. */
class PReLU extends Module<[Tensor], Tensor> {
  weight = new Parameter([1], (values) => values.fill(0.25));

  forward(x: Tensor): Tensor {
    return F.add(F.relu(x), F.mul(F.minimum(x, 0), this.weight));
  }
}

/** The names that {@link activationOf} knows. */
export const ACTIVATION_NAMES: readonly string[] = [...Object.keys(FUNCTIONS), 'PReLU'].sort();

/** What a class of torch.nn computes, by its name, a module where it has weights; undefined for one that is not known. */
export function activationOf(name: string): Activation | undefined {
  if (name === 'PReLU') return new PReLU();
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
}
