import * as F from '../../nn/functional.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Conv1D } from '../conv1d.ts';
import type { Mask } from '../layers.ts';

/** What GPT and GPT-2 make layers of, under the same names. */

/** What attention is made from. */
export interface AttentionSizes {
  readonly n_embd: number;
  readonly n_head: number;
}

/** Attention to what stands before a token and to itself; queries, keys and values are of one product. */
export class GPTAttention extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  c_attn: Conv1D;
  c_proj: Conv1D;
  readonly width: number;
  readonly heads: number;
  readonly scale: number;

  /** `scale` is what scores are multiplied by; 1/√head_dim unless given. */
  constructor({ n_embd, n_head }: AttentionSizes, scale: number = 1 / Math.sqrt(n_embd / n_head)) {
    super();
    this.c_attn = new Conv1D(3 * n_embd, n_embd);
    this.c_proj = new Conv1D(n_embd, n_embd);
    [this.width, this.heads, this.scale] = [n_embd, n_head, scale];
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const { width, heads, scale } = this;
    const qkv = this.c_attn(hidden_states);
    const [q, k, v] = [0, 1, 2].map((i) => F.narrow(qkv, 2, i * width, width));
    const options = { mask, heads, scale, is_causal: true };
    return [this.c_proj(F.attention(q, k, v, options)), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

/** Two products with an activation between them. */
export class GPTMLP extends Module<[Tensor], Tensor> {
  c_fc: Conv1D;
  c_proj: Conv1D;
  readonly activation: string;

  constructor(inner: number, { n_embd }: AttentionSizes, activation: string) {
    super();
    this.c_fc = new Conv1D(inner, n_embd);
    this.c_proj = new Conv1D(n_embd, inner);
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return this.c_proj(F.activation(this.activation, this.c_fc(hidden_states)));
  }
}

/** Words, their positions, and where any are given their types, which are words as well. */
export const wordsAndTypes = (words: (ids: Tensor) => Tensor, ids: Tensor, positions: Tensor, types: Tensor | undefined): Tensor => {
  const placed = F.add(words(ids), positions);
  return types ? F.add(placed, words(types)) : placed;
};
