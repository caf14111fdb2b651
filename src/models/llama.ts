import { ModuleList } from '../nn/containers.ts';
import * as F from '../nn/functional.ts';
import { Embedding, Linear, RMSNorm } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import type { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedConfig } from './config.ts';
import { EncoderModel, type Tokens } from './encoder.ts';
import { activationOf } from './fields.ts';
import type { Encoded, Mask } from './layers.ts';
import { type LayerType, runTyped, type Sight, type Sights, sightsOf } from './layertypes.ts';
import { type Attending, headDim, rowsOfPositions, type TurnedLayer } from './rotary.ts';

/** Parts of Llama, which mirror `transformers/models/llama/modeling_llama.py`, class for class and name for name. Other families have them too. */

/** What a layer is made from. */
export interface LlamaSizes {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number | null;
  readonly head_dim?: number | null;
  readonly rms_norm_eps: number;
  /** False unless given. */
  readonly attention_bias?: boolean;
  /** False unless given. */
  readonly mlp_bias?: boolean;
}

type Norm = Module<[Tensor], Tensor> & { weight: Parameter | null };

/** In what attention of other families differs. */
export interface AttentionVariant {
  /** Whether queries, keys and values have biases, where those of the result are another matter. */
  qkv_bias?: boolean;
  /** What each head of queries and of keys goes through before it is turned. */
  makeHeadNorm?: (head_dim: number) => Norm;
  /** What scores are multiplied by; 1/√head_dim unless given. */
  scale?: number;
}

/** Each head of x [batch, sequence, heads · size] through `norm`, if there is one. */
function byHead(x: Tensor, heads: number, norm: Norm | null): Tensor {
  const { shape } = x;
  return norm ? norm(x.reshape([...shape.slice(0, -1), heads, (shape.at(-1) as number) / heads])).reshape(shape) : x;
}

/** Attention whose keys may serve several heads of queries. */
export class LlamaAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  q_proj: Linear;
  k_proj: Linear;
  v_proj: Linear;
  o_proj: Linear;
  q_norm: Norm | null;
  k_norm: Norm | null;
  readonly heads: number;
  readonly key_heads: number;
  readonly scale: number | undefined;

  constructor(config: LlamaSizes, { qkv_bias, makeHeadNorm, scale }: AttentionVariant = {}) {
    super();
    const { hidden_size, num_attention_heads: heads, num_key_value_heads, attention_bias = false } = config;
    const [size, key_heads, bias] = [headDim(config), num_key_value_heads ?? heads, qkv_bias ?? attention_bias];
    this.q_proj = new Linear(hidden_size, heads * size, { bias });
    this.k_proj = new Linear(hidden_size, key_heads * size, { bias });
    this.v_proj = new Linear(hidden_size, key_heads * size, { bias });
    this.o_proj = new Linear(heads * size, hidden_size, { bias: attention_bias });
    this.q_norm = makeHeadNorm?.(size) ?? null;
    this.k_norm = makeHeadNorm?.(size) ?? null;
    [this.heads, this.key_heads, this.scale] = [heads, key_heads, scale];
  }

  forward(hidden_states: Tensor, { rotation, output_attentions, ...others }: Attending): [Tensor, Tensor?] {
    const { heads, key_heads, scale } = this;
    const turned = (x: Tensor, count: number, norm: Norm | null) => F.apply_rotary(byHead(x, count, norm), rotation, { heads: count });
    const q = turned(this.q_proj(hidden_states), heads, this.q_norm);
    const k = turned(this.k_proj(hidden_states), key_heads, this.k_norm);
    const options = { heads, key_heads, scale, ...others };
    const context = F.attention(q, k, this.v_proj(hidden_states), options);
    return [this.o_proj(context), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

/** A gated product. */
export class LlamaMLP extends Module<[Tensor], Tensor> {
  gate_proj: Linear;
  up_proj: Linear;
  down_proj: Linear;
  readonly activation: string;

  constructor({ hidden_size, intermediate_size, mlp_bias: bias = false }: LlamaSizes, hidden_act: string) {
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

  constructor(config: LlamaSizes & { readonly hidden_act: string }, variant?: AttentionVariant) {
    super();
    this.self_attn = new LlamaAttention(config, variant);
    this.mlp = new LlamaMLP(config, config.hidden_act);
    this.input_layernorm = new RMSNorm(config.hidden_size, { eps: config.rms_norm_eps });
    this.post_attention_layernorm = new RMSNorm(config.hidden_size, { eps: config.rms_norm_eps });
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.self_attn(this.input_layernorm(hidden_states), attending);
    const sum = F.add(hidden_states, attended);
    return [F.add(sum, this.mlp(this.post_attention_layernorm(sum))), weights];
  }
}

type Layer = Module<[Tensor, Attending], [Tensor, Tensor?]> & TurnedLayer;

/** What a stack is made of. */
export interface Stack<Made extends Layer> {
  makeLayer(): Made;
  /** The type of each layer. */
  types: readonly LayerType[];
  sightOf(type: LayerType): Sight;
  embed_tokens?: Embedding;
  norm?: Norm;
}

/**
 * A base model of words, layers and a norm: (last_hidden_state [batch, sequence, hidden]), followed by hidden_states and attentions where the config
 * asks for them.
 */
export abstract class LlamaStack<Made extends Layer = LlamaDecoderLayer> extends EncoderModel {
  static override readonly head: string = 'Model';
  embed_tokens: Embedding;
  layers: ModuleList<Made>;
  norm: Norm;
  readonly types: readonly LayerType[];
  readonly sights: Sights;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: PreTrainedConfig & { rms_norm_eps: number }, options: { seed?: number }, stackOf: () => Stack<Made>) {
    super(config, options);
    const { vocab_size, hidden_size, pad_token_id, num_hidden_layers, rms_norm_eps: eps } = config;
    const stack = stackOf();
    this.types = stack.types;
    this.sights = sightsOf(stack.types, (type) => stack.sightOf(type));
    this.embed_tokens = stack.embed_tokens ?? new Embedding(vocab_size, hidden_size, { padding_idx: pad_token_id });
    this.layers = new ModuleList(Array.from({ length: num_hidden_layers }, () => stack.makeLayer()));
    this.norm = stack.norm ?? new RMSNorm(hidden_size, { eps });
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, position_ids }: Tokens, mask: Mask): Encoded {
    const { output_attentions } = this.config;
    const positions = rowsOfPositions(position_ids, input_ids.shape);
    const { hidden_states, attentions } = runTyped(this.layers, this, this.embed_tokens(input_ids), { positions, mask, output_attentions });
    return { hidden_states: hidden_states.with(-1, this.norm(hidden_states[hidden_states.length - 1])), attentions };
  }
}
