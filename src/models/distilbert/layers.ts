import * as F from '../../nn/functional.ts';
import { Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Mask } from '../layers.ts';

/** Layers that DistilBERT has under the same names as the models it comes from. */

/** Fills rows with sines and cosines of their numbers. */
export function sinusoidal(values: Float32Array, dim: number): void {
  for (let i = 0; i < values.length; i++) {
    const [position, column] = [Math.floor(i / dim), i % dim];
    const angle = position / 10000 ** ((2 * Math.floor(column / 2)) / dim);
    values[i] = column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  }
}

/** Which keys are seen. */
export interface Seen {
  mask: Mask;
  is_causal?: boolean;
}

/** Attention over products of the same x, and its weights if they are asked for. */
export class MultiHeadSelfAttention extends Module<[Tensor, Seen, boolean], [Tensor, Tensor?]> {
  q_lin: Linear;
  k_lin: Linear;
  v_lin: Linear;
  out_lin: Linear;
  readonly heads: number;

  constructor(dim: number, heads: number) {
    super();
    this.q_lin = new Linear(dim, dim);
    this.k_lin = new Linear(dim, dim);
    this.v_lin = new Linear(dim, dim);
    this.out_lin = new Linear(dim, dim);
    this.heads = heads;
  }

  forward(x: Tensor, seen: Seen, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k, v] = [this.q_lin(x), this.k_lin(x), this.v_lin(x)];
    const options = { heads: this.heads, ...seen };
    const context = F.attention(q, k, v, options);
    return [this.out_lin(context), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

/** Two products with an activation between them. */
export class FFN extends Module<[Tensor], Tensor> {
  lin1: Linear;
  lin2: Linear;
  readonly activation: string;

  constructor(dim: number, hidden_dim: number, activation: string) {
    super();
    this.lin1 = new Linear(dim, hidden_dim);
    this.lin2 = new Linear(hidden_dim, dim);
    this.activation = activation;
  }

  forward(x: Tensor): Tensor {
    return this.lin2(F.activation(this.activation, this.lin1(x)));
  }
}
