import * as F from '../../nn/functional.ts';
import { LayerNorm } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { MobileBertConfig } from './config.ts';

/** x · weight + bias: a layer norm that does not normalise. */
class NoNorm extends Module<[Tensor], Tensor> {
  bias: Parameter;
  weight: Parameter;

  constructor(width: number) {
    super();
    this.bias = new Parameter([width], (values) => values.fill(0));
    this.weight = new Parameter([width], (values) => values.fill(1));
  }

  forward(x: Tensor): Tensor {
    return F.add(F.mul(x, this.weight), this.bias);
  }
}

/** What stands for a layer norm. */
export type Norm = NoNorm | LayerNorm;

/** The norm that the configuration names; `eps` is PyTorch's unless given. */
export const normOf = ({ normalization_type }: MobileBertConfig, width: number, eps?: number): Norm =>
  normalization_type === 'no_norm' ? new NoNorm(width) : new LayerNorm(width, eps);
