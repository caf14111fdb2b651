import * as F from '../../nn/functional.ts';
import { Linear } from '../../nn/layers.ts';
import { blocksOf } from '../../tensor/derived.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/**
 * A convolution over one token at a time, as `torch.nn.Conv1d` with a kernel of 1: x [..., in] to [..., out]. Each of `groups` products makes its
 * share of the columns of its share of those of x.
 */
export class Convolution extends Linear {
  readonly groups: number;
  declare bias: Parameter;

  constructor(in_channels: number, out_channels: number, groups: number) {
    super(in_channels, out_channels);
    this.weight = new Parameter([out_channels, in_channels / groups, 1], () => {});
    this.groups = groups;
  }

  override forward(x: Tensor): Tensor<'float32'> {
    const { groups, weight, bias } = this;
    const [, width] = weight.shape;
    const biases = blocksOf(bias, groups);
    const last = x.shape.length - 1;
    const share = (group: number): Tensor => (groups === 1 ? x : F.slice(x, last, group * width, (group + 1) * width));
    const products = blocksOf(weight, groups).map((block, group) => F.linear(share(group), block, biases[group]));
    return groups === 1 ? products[0] : F.cat(products, last);
  }

  override extra_repr(): string {
    const [outputs, width] = this.weight.shape;
    return `${width * this.groups}, ${outputs}, kernel_size=(1,), stride=(1,)${this.groups > 1 ? `, groups=${this.groups}` : ''}`;
  }
}
