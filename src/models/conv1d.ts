import * as F from '../nn/functional.ts';
import { Linear } from '../nn/layers.ts';
import { transposedOf } from '../tensor/derived.ts';
import { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** x [..., nx] to [..., nf], as `transformers.pytorch_utils.Conv1D`: a Linear whose weight lies the other way round, [nx, nf]. */
export class Conv1D extends Linear {
  constructor(nf: number, nx: number) {
    super(nf, nx, { bias: false });
    this.bias = new Parameter([nf], (values) => values.fill(0));
  }

  override forward(x: Tensor): Tensor<'float32'> {
    return F.linear(x, transposedOf(this.weight), this.bias);
  }

  override extra_repr(): string {
    const [nx, nf] = this.weight.shape;
    return `nf=${nf}, nx=${nx}`;
  }
}
