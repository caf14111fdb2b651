import { Linear } from '../nn/layers.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { Tensor } from '../tensor/tensor.ts';

const turned = new WeakSet<Parameter>();

/** Whether checkpoints hold the transpose of a weight. Traces hold it as it is. */
export const isTurned = (weight: Tensor): boolean => turned.has(weight as Parameter);

/** A Linear whose weight [out, in] checkpoints hold as [in, out], as `transformers.pytorch_utils.Conv1D`. */
export class Conv1D extends Linear {
  constructor(nf: number, nx: number) {
    super(nx, nf);
    turned.add(this.weight);
  }

  override extra_repr(): string {
    const [nf, nx] = this.weight.shape;
    return `nf=${nf}, nx=${nx}`;
  }
}

const BLOCK = 32;

/** The transpose of a matrix of floats, block by block, as caches like it. */
export function transposed({ shape: [rows, cols], elements }: Tensor): Tensor<'float32'> {
  const out = new Float32Array(rows * cols);
  for (let top = 0; top < rows; top += BLOCK)
    for (let left = 0; left < cols; left += BLOCK)
      for (let row = top; row < Math.min(top + BLOCK, rows); row++)
        for (let col = left; col < Math.min(left + BLOCK, cols); col++)
          out[col * rows + row] = (elements as Float32Array)[row * cols + col];
  return new Tensor('float32', [cols, rows], out);
}
