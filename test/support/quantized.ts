import { F, jit, nn, type Tensor, tensor } from '../../src/index.ts';
import { floats, tinyBert } from './tiny.ts';

export const ids = tensor([[1, 2, 3, 4, 5]]);
export const mask = tensor([[1, 1, 1, 1, 0]]);
/** Large enough for an embedding to be worth integers, and for groups of 32. */
export const SIZES = { hidden_size: 64, intermediate_size: 96, vocab_size: 1100 };

export const tracedBert = (options = {}, how: jit.TraceOptions = {}) =>
  jit.trace(tinyBert({ ...SIZES, num_hidden_layers: 2, ...options }), { input_ids: ids, attention_mask: mask }, how);

export class Dense extends nn.Module<[Tensor], Tensor> {
  dense: nn.Linear;

  constructor(rows: number[][]) {
    super();
    this.dense = new nn.Linear(rows[0].length, rows.length);
    this.dense.weight.set(Float32Array.from(rows.flat()));
  }

  forward(x: Tensor): Tensor {
    return F.gelu(F.linear(x, this.dense.weight));
  }
}

export const random = (length: number, seed = 1): number[] => [...floats([length], seed).data].map(Number);
export const worst = (a: Tensor, b: Tensor): number =>
  Math.max(...[...a.data].map((value, i) => Math.abs(Number(value) - Number(b.data[i]))));
