import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Mask, runLayers, type Source } from '../layers.ts';
import type { Decoded } from '../seq2seq.ts';
import { type BartConfig, type BartSide, decoderSide, encoderSide } from './config.ts';

/** The parts below mirror `transformers/models/bart/modeling_bart.py`, class for class and name for name. */

/** Places are looked up so many rows further on. */
const OFFSET = 2;

class BartLearnedPositionalEmbedding extends Embedding {
  constructor({ max_position_embeddings, d_model }: BartConfig) {
    super(max_position_embeddings + OFFSET, d_model);
  }

  override forward(input_ids: Tensor): Tensor<'float32'> {
    return super.forward(F.positions(input_ids, null, { offset: OFFSET }));
  }
}

/** What attention asks for besides queries, keys and values. */
export interface Attending {
  mask: Mask;
  output_attentions: boolean;
  is_causal?: boolean;
  is_cross?: boolean;
}

class BartAttention extends Module<[Tensor, Tensor, Attending], [Tensor, Tensor?]> {
  k_proj: Linear;
  v_proj: Linear;
  q_proj: Linear;
  out_proj: Linear;
  readonly heads: number;

  constructor({ d_model }: BartConfig, heads: number) {
    super();
    this.k_proj = new Linear(d_model, d_model);
    this.v_proj = new Linear(d_model, d_model);
    this.q_proj = new Linear(d_model, d_model);
    this.out_proj = new Linear(d_model, d_model);
    this.heads = heads;
  }

  forward(hidden_states: Tensor, key_value_states: Tensor, { output_attentions, ...others }: Attending): [Tensor, Tensor?] {
    const [q, k, v] = [this.q_proj(hidden_states), this.k_proj(key_value_states), this.v_proj(key_value_states)];
    const options = { heads: this.heads, ...others };
    return [this.out_proj(F.attention(q, k, v, options)), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

class BartEncoderLayer extends Module<[Tensor, Attending, Source?], [Tensor, Tensor?, Tensor?]> {
  self_attn: BartAttention;
  self_attn_layer_norm: LayerNorm;
  fc1: Linear;
  fc2: Linear;
  final_layer_norm: LayerNorm;
  readonly activation: string;

  constructor(config: BartConfig, { ffn_dim, heads }: BartSide) {
    super();
    this.self_attn = new BartAttention(config, heads);
    this.self_attn_layer_norm = new LayerNorm(config.d_model);
    this.fc1 = new Linear(config.d_model, ffn_dim);
    this.fc2 = new Linear(ffn_dim, config.d_model);
    this.final_layer_norm = new LayerNorm(config.d_model);
    this.activation = config.activation;
  }

  /** What attention of tokens to those of their own sequence makes. */
  protected attended(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.self_attn(hidden_states, hidden_states, attending);
    return [this.self_attn_layer_norm(F.add(hidden_states, attended)), weights];
  }

  protected fed(hidden_states: Tensor): Tensor {
    const output = this.fc2(F.activation(this.activation, this.fc1(hidden_states)));
    return this.final_layer_norm(F.add(hidden_states, output));
  }

  forward(hidden_states: Tensor, attending: Attending, _source?: Source): [Tensor, Tensor?, Tensor?] {
    const [own, weights] = this.attended(hidden_states, attending);
    return [this.fed(own), weights];
  }
}

class BartDecoderLayer extends BartEncoderLayer {
  encoder_attn: BartAttention;
  encoder_attn_layer_norm: LayerNorm;

  constructor(config: BartConfig, side: BartSide) {
    super(config, side);
    this.encoder_attn = new BartAttention(config, side.heads);
    this.encoder_attn_layer_norm = new LayerNorm(config.d_model);
  }

  override forward(hidden_states: Tensor, attending: Attending, source?: Source): [Tensor, Tensor?, Tensor?] {
    const [own, weights] = this.attended(hidden_states, attending);
    if (!source) return [this.fed(own), weights];
    const { output_attentions } = attending;
    const [attended, cross] = this.encoder_attn(own, source.hidden_states, { mask: source.mask, is_cross: true, output_attentions });
    return [this.fed(this.encoder_attn_layer_norm(F.add(own, attended))), weights, cross];
  }
}

/** Words of both sides, larger by √d_model where the configuration says so. */
export class BartScaledWordEmbedding extends Embedding {
  readonly embed_scale: number;

  constructor({ vocab_size, d_model, pad_token_id, scale_embedding }: BartConfig) {
    super(vocab_size, d_model, { padding_idx: pad_token_id });
    this.embed_scale = scale_embedding ? Math.sqrt(d_model) : 1;
  }

  override forward(ids: Tensor): Tensor<'float32'> {
    const words = super.forward(ids);
    return this.embed_scale === 1 ? words : F.scale(words, this.embed_scale);
  }
}

/** Tokens of a side, as embeddings of words and as ids. */
interface Words {
  ids: Tensor;
  embedded: Tensor;
}

abstract class BartStack<Layer extends BartEncoderLayer> extends Module<[Words, Attending, Source?], Decoded> {
  /** Absent where both sides have the same. */
  embed_tokens?: BartScaledWordEmbedding;
  embed_positions: BartLearnedPositionalEmbedding;
  layers: ModuleList<Layer>;
  layernorm_embedding: LayerNorm;

  constructor(config: BartConfig, count: number, makeLayer: () => Layer, ownWords = !config.tie_word_embeddings) {
    super();
    if (ownWords) this.embed_tokens = new BartScaledWordEmbedding(config);
    this.embed_positions = new BartLearnedPositionalEmbedding(config);
    this.layers = new ModuleList(Array.from({ length: count }, makeLayer));
    this.layernorm_embedding = new LayerNorm(config.d_model);
  }

  forward({ ids, embedded }: Words, attending: Attending, source?: Source): Decoded {
    const embeddings = this.layernorm_embedding(F.add(embedded, this.embed_positions(ids)));
    const layers = [...this.layers].map((layer) => (hidden_states: Tensor) => layer(hidden_states, attending, source));
    return runLayers(layers, embeddings, attending.mask, attending.output_attentions);
  }
}

export class BartEncoder extends BartStack<BartEncoderLayer> {
  constructor(config: BartConfig) {
    const side = encoderSide(config);
    super(config, side.layers, () => new BartEncoderLayer(config, side));
  }
}

export class BartDecoder extends BartStack<BartDecoderLayer> {
  constructor(config: BartConfig, ownWords?: boolean) {
    const side = decoderSide(config);
    super(config, side.layers, () => new BartDecoderLayer(config, side), ownWords);
  }
}
