import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertPooler } from '../bert/encoder.ts';
import { type PoolerOptions, type Tokens, WITH_POOLER } from '../encoder.ts';
import { activationOf } from '../fields.ts';
import type { Encoded } from '../layers.ts';
import { type Attending, attendTurned, type RotaryEmbedding, rotaryOf, runTurned } from '../rotary.ts';
import { RotaryEncoderModel } from '../rotaryencoder.ts';
import type { GteConfig } from './config.ts';
import { GTE } from './family.ts';

/** The parts below mirror `transformers/models/gte/modeling_gte.py`, under the names of published checkpoints. */

const normOf = ({ hidden_size, layer_norm_eps }: GteConfig): LayerNorm => new LayerNorm(hidden_size, { eps: layer_norm_eps });

class GteEmbeddings extends Module<[Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  token_type_embeddings: Embedding | null;
  LayerNorm: LayerNorm;

  constructor(config: GteConfig) {
    super();
    const { vocab_size, hidden_size, type_vocab_size, pad_token_id } = config;
    this.word_embeddings = new Embedding(vocab_size, hidden_size, { padding_idx: pad_token_id });
    this.token_type_embeddings = type_vocab_size === 0 ? null : new Embedding(type_vocab_size, hidden_size);
    this.LayerNorm = normOf(config);
  }

  forward(input_ids: Tensor, token_type_ids: Tensor): Tensor {
    const words = this.word_embeddings(input_ids);
    return this.LayerNorm(this.token_type_embeddings ? F.add(words, this.token_type_embeddings(token_type_ids)) : words);
  }
}

class GteAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  qkv_proj: Linear;
  o_proj: Linear;
  readonly heads: number;

  constructor({ hidden_size, num_attention_heads }: GteConfig) {
    super();
    this.qkv_proj = new Linear(hidden_size, 3 * hidden_size);
    this.o_proj = new Linear(hidden_size, hidden_size);
    this.heads = num_attention_heads;
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [context, weights] = attendTurned(this.qkv_proj(hidden_states), this.heads, attending);
    return [this.o_proj(context), weights];
  }
}

class GteMLP extends Module<[Tensor], Tensor> {
  up_gate_proj: Linear;
  down_proj: Linear;
  readonly activation: string;

  constructor({ hidden_size, intermediate_size, hidden_act }: GteConfig) {
    super();
    this.up_gate_proj = new Linear(hidden_size, 2 * intermediate_size, { bias: false });
    this.down_proj = new Linear(intermediate_size, hidden_size);
    this.activation = activationOf(hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    const both = this.up_gate_proj(hidden_states);
    const half = this.down_proj.weight.shape[1];
    const [up, gate] = [F.narrow(both, 2, 0, half), F.narrow(both, 2, half, half)];
    return this.down_proj(F.mul(F.activation(this.activation, gate), up));
  }
}

class GteLayer extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  attention: GteAttention;
  attn_ln: LayerNorm;
  mlp: GteMLP;
  mlp_ln: LayerNorm;

  constructor(config: GteConfig) {
    super();
    this.attention = new GteAttention(config);
    this.attn_ln = normOf(config);
    this.mlp = new GteMLP(config);
    this.mlp_ln = normOf(config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.attention(hidden_states, attending);
    const normal = this.attn_ln(F.add(attended, hidden_states));
    return [this.mlp_ln(F.add(this.mlp(normal), normal)), weights];
  }
}

class GteEncoder extends Module<[Tensor, Attending], Encoded> {
  layer: ModuleList<GteLayer>;

  constructor(config: GteConfig) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new GteLayer(config)));
  }

  forward(embeddings: Tensor, attending: Attending): Encoded {
    return runTurned(this.layer, embeddings, attending);
  }
}

/**
 * The bare encoder, as `transformers.GteModel`. Answers (last_hidden_state [batch, sequence, hidden]), with a pooler_output [batch, hidden] where
 * `add_pooling_layer` asks for it, followed by hidden_states and attentions where the config asks for them.
 */
export class GteModel extends RotaryEncoderModel {
  static override readonly family = GTE;
  static override readonly head = 'Model';
  static override readonly OPTIONS = WITH_POOLER;
  declare readonly config: GteConfig;
  embeddings: GteEmbeddings;
  rotary: RotaryEmbedding;
  encoder: GteEncoder;
  pooler: BertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: GteConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new GteEmbeddings(config);
    this.rotary = rotaryOf(config);
    this.encoder = new GteEncoder(config);
    this.pooler = options?.add_pooling_layer === true ? new BertPooler(config) : null;
    this.post_init(options?.seed);
  }

  protected embedded({ input_ids, token_type_ids }: Tokens): Tensor {
    return this.embeddings(input_ids, token_type_ids);
  }
}
