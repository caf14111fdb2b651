import { describe, expect, test } from 'vitest';
import { type Tensor, tensor } from '../../src/index.ts';
import '../../src/kernels/sets/index.ts';
import { ACTIVATION_NAMES, activationOf } from '../../src/models/sentence/activations.ts';
import { Parameter } from '../../src/tensor/parameter.ts';

const { abs, exp, log, log1p, max, min, sign, tanh } = Math;

const sigmoid = (x: number): number => 1 / (1 + exp(-x));
/** Of the series of erf, as far as it counts. */
function erf(x: number): number {
  let [sum, term] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
const elu = (x: number, alpha = 1): number => max(0, x) + min(0, alpha * (exp(x) - 1));
const softplus = (x: number): number => (x > 20 ? x : log1p(exp(x)));
const relu6 = (x: number): number => min(max(0, x), 6);

/** Each as the documentation of its class of torch.nn defines it. */
const DEFINED: Readonly<Record<string, (x: number) => number>> = {
  CELU: (x) => elu(x),
  ELU: (x) => elu(x),
  GELU: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
  Hardshrink: (x) => (abs(x) > 0.5 ? x : 0),
  Hardsigmoid: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 6 + 0.5),
  Hardswish: (x) => (x <= -3 ? 0 : x >= 3 ? x : (x * (x + 3)) / 6),
  Hardtanh: (x) => min(max(x, -1), 1),
  Identity: (x) => x,
  LeakyReLU: (x) => (x >= 0 ? x : 0.01 * x),
  LogSigmoid: (x) => log(sigmoid(x)),
  Mish: (x) => x * tanh(softplus(x)),
  PReLU: (x) => (x >= 0 ? x : 0.25 * x),
  ReLU: (x) => max(0, x),
  ReLU6: relu6,
  RReLU: (x) => (x >= 0 ? x : ((1 / 8 + 1 / 3) / 2) * x),
  SELU: (x) => 1.0507009873554805 * elu(x, 1.6732632423543772),
  SiLU: (x) => x * sigmoid(x),
  Sigmoid: sigmoid,
  Softplus: softplus,
  Softshrink: (x) => (abs(x) > 0.5 ? x - 0.5 * sign(x) : 0),
  Softsign: (x) => x / (1 + abs(x)),
  Tanh: tanh,
  Tanhshrink: (x) => x - tanh(x),
};
const POINTS = [-30, -6.5, -3, -2.9, -1, -0.6, -0.5, -0.4, -1e-3, 0, 1e-3, 0.4, 0.5, 0.6, 1, 2.9, 3, 5.9, 6.5, 21, 30];

describe('activations that a Dense may name', () => {
  test('are those that are defined here', () => expect(ACTIVATION_NAMES).toEqual(Object.keys(DEFINED).sort()));

  test.each(Object.entries(DEFINED))('%s', (name, defined) => {
    const got = activationOf(name)?.(tensor([POINTS], { dtype: 'float32' })) as Tensor;
    for (const [i, value] of [...got.data].entries()) {
      const want = name === 'GELU' && abs(POINTS[i]) > 6 ? max(0, POINTS[i]) : defined(POINTS[i]);
      expect(abs(Number(value) - want) / max(1, abs(want)), `${name}(${POINTS[i]})`).toBeLessThan(1e-6);
    }
  });

  test('PReLU has a weight', () => {
    const prelu = activationOf('PReLU') as ReturnType<typeof activationOf> & { weight: Parameter };
    expect(prelu.weight).toBeInstanceOf(Parameter);
    prelu.weight.set(tensor([-2], { dtype: 'float32' }).data as Float32Array);
    expect([...(prelu(tensor([[-1, 3]], { dtype: 'float32' })) as Tensor).data]).toEqual([2, 3]);
  });

  test('others are none, whatever objects have', () => {
    for (const name of ['GLU', 'Softmax', 'toString', 'constructor']) expect(activationOf(name)).toBeUndefined();
  });
});
