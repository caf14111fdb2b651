import * as F from '../nn/functional.ts';
import { Linear, RMSNorm } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activationOf } from './fields.ts';
import { type Attending, headDim } from './rotary.ts';

/** Layers of Llama, which mirror `transformers/models/llama/modeling_llama.py`, class for class and name for name. Other families have them too. */

/** What a layer is made from. */
export interface LlamaSizes {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number | null;
  readonly head_dim: number | null;
  readonly hidden_act: string;
  readonly rms_norm_eps: number;
  readonly attention_bias: boolean;
  readonly mlp_bias: boolean;
}

class LlamaAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  q_proj: Linear;
  k_proj: Linear;
  v_proj: Linear;
  o_proj: Linear;
  readonly heads: number;
  readonly key_heads: number;

  constructor(config: LlamaSizes) {
    super();
    const { hidden_size, num_attention_heads: heads, num_key_value_heads, attention_bias: bias } = config;
    const [size, key_heads] = [headDim(config), num_key_value_heads ?? heads];
    this.q_proj = new Linear(hidden_size, heads * size, { bias });
    this.k_proj = new Linear(hidden_size, key_heads * size, { bias });
    this.v_proj = new Linear(hidden_size, key_heads * size, { bias });
    this.o_proj = new Linear(heads * size, hidden_size, { bias });
    [this.heads, this.key_heads] = [heads, key_heads];
  }

  forward(hidden_states: Tensor, { rotation, output_attentions, ...others }: Attending): [Tensor, Tensor?] {
    const { heads, key_heads } = this;
    const q = F.apply_rotary(this.q_proj(hidden_states), rotation, { heads });
    const k = F.apply_rotary(this.k_proj(hidden_states), rotation, { heads: key_heads });
    const options = { heads, key_heads, ...others };
    const context = F.attention(q, k, this.v_proj(hidden_states), options);
    return [this.o_proj(context), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

class LlamaMLP extends Module<[Tensor], Tensor> {
  gate_proj: Linear;
  up_proj: Linear;
  down_proj: Linear;
  readonly activation: string;

  constructor({ hidden_size, intermediate_size, hidden_act, mlp_bias: bias }: LlamaSizes) {
    super();
    this.gate_proj = new Linear(hidden_size, intermediate_size, { bias });
    this.up_proj = new Linear(hidden_size, intermediate_size, { bias });
    this.down_proj = new Linear(intermediate_size, hidden_size, { bias });
    this.activation = activationOf(hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.down_proj(F.mul(F.activation(this.activation, this.gate_proj(hidden_states)), this.up_proj(hidden_states)));
  }
}

/** A layer: attention and a gated product, each of what is normalised first and added to what it is made of. */
export class LlamaDecoderLayer extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  self_attn: LlamaAttention;
  mlp: LlamaMLP;
  input_layernorm: RMSNorm;
  post_attention_layernorm: RMSNorm;

  constructor(config: LlamaSizes) {
    super();
    this.self_attn = new LlamaAttention(config);
    this.mlp = new LlamaMLP(config);
    this.input_layernorm = new RMSNorm(config.hidden_size, { eps: config.rms_norm_eps });
    this.post_attention_layernorm = new RMSNorm(config.hidden_size, { eps: config.rms_norm_eps });
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.self_attn(this.input_layernorm(hidden_states), attending);
    const sum = F.add(hidden_states, attended);
    return [F.add(sum, this.mlp(this.post_attention_layernorm(sum))), weights];
  }
}
