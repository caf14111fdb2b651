import { TraceletError } from '../../base/error.ts';
import { sizeOf } from '../../tensor/tensor.ts';
import { reshape } from '../moves.ts';
import { made, type Node } from '../node.ts';
import { byElement, number } from '../pointwise.ts';
import { simplified } from '../rules/rules.ts';
import type { OpTable } from '../schema.ts';

/** Norms over channels, which are dimension 1. */

const alongChannels = (node: Node, of: Node): Node => reshape(node, [-1, ...new Array(Math.max(0, of.shape.length - 2)).fill(1)]);

const scaledBy = (x: Node, weight: Node | null, bias: Node | null): Node => {
  const scaled = weight ? byElement('mul', x, alongChannels(weight, x)) : x;
  return bias ? byElement('add', scaled, alongChannels(bias, x)) : scaled;
};

/** By means and variances that were learnt. */
function batchNorm(
  input: Node,
  weight: Node | null,
  bias: Node | null,
  mean: Node | null,
  variance: Node | null,
  training: boolean,
  _momentum: number,
  eps: number,
): Node {
  if (training || !mean || !variance)
    throw new TraceletError('training', {
      what: 'batch_norm',
      expected: 'means and variances that were learnt',
      got: 'those of the batch',
      cure: 'Call model.eval() before torch.jit.trace or torch.export',
    });
  const factor = byElement('rsqrt', byElement('add', variance, number(eps)));
  const scale = weight ? byElement('mul', factor, weight) : factor;
  const shift = byElement('sub', bias ?? number(0), byElement('mul', mean, scale));
  return scaledBy(input, scale, shift);
}

/** Over groups of channels and all that lies behind them. */
function groupNorm(input: Node, groups: number, weight: Node | null, bias: Node | null, eps: number): Node {
  const [batch, channels] = input.shape;
  if (!(groups > 0) || channels % groups !== 0)
    throw new TraceletError('shape', { what: 'group_norm', expected: `a divisor of ${channels} groups`, got: `${groups}` });
  const width = sizeOf(input.shape) / (batch * groups);
  const rows = reshape(input, [batch, groups, width]);
  const normal = simplified(made('layer_norm', input.dtype, rows.shape, [rows], { dims: [width], eps, weight: false, bias: false }));
  return scaledBy(reshape(normal, input.shape), weight, bias);
}

/** Norms over channels. */
export const NORM_OPS: OpTable = {
  batch_norm: [
    [
      'Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool training, float momentum, float eps, bool cudnn_enabled',
      batchNorm,
    ],
  ],
  group_norm: [
    ['Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float eps=1e-5, bool cudnn_enabled=True', groupNorm],
  ],
  instance_norm: [
    [
      'Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor? running_var, bool use_input_stats, float momentum, float eps, bool cudnn_enabled',
      (
        x: Node,
        weight: Node | null,
        bias: Node | null,
        mean: Node | null,
        variance: Node | null,
        own: boolean,
        momentum: number,
        eps: number,
      ) => (own ? groupNorm(x, x.shape[1], weight, bias, eps) : batchNorm(x, weight, bias, mean, variance, false, momentum, eps)),
    ],
  ],
};
