import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationOf } from '../fields.ts';
import type { Mask } from '../layers.ts';
import type { DebertaV2Config } from './config.ts';

/** A linear layer over what stands around each token, as `torch.nn.Conv1d` with padding that keeps the length. */
class Conv1d extends Linear {
  readonly groups: number;

  constructor(channels: number, kernel: number, groups: number) {
    super(channels, channels);
    this.weight = new Parameter([channels, channels / groups, kernel], this.weight.initialise);
    this.groups = groups;
  }

  override forward(x: Tensor): Tensor<'float32'> {
    return this.over(x);
  }

  /** The same, where tokens that the mask rules out count as zeros. */
  over(x: Tensor, mask?: Mask): Tensor<'float32'> {
    return F.convolution(x, this.weight, this.bias, { groups: this.groups, mask });
  }
}

/** What a convolution of the embeddings adds to the first layer's answer; zeros for tokens that the mask rules out. */
export class ConvLayer extends Module<[Tensor, Tensor, Mask], Tensor> {
  conv: Conv1d;
  LayerNorm: LayerNorm;
  readonly activation: string;

  constructor({ hidden_size, conv_kernel_size, conv_groups, conv_act, layer_norm_eps }: DebertaV2Config) {
    super();
    this.conv = new Conv1d(hidden_size, conv_kernel_size, conv_groups);
    this.LayerNorm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
    this.activation = activationOf(conv_act);
  }

  forward(hidden_states: Tensor, residual_states: Tensor, mask: Mask): Tensor {
    const around = F.activation(this.activation, this.conv.over(hidden_states, mask));
    const normal = this.LayerNorm(F.add(residual_states, around));
    return mask ? F.masked(normal, mask) : normal;
  }
}
