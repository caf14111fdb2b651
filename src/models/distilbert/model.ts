import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import { activationOf } from '../fields.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { DistilBertConfig } from './config.ts';
import { DISTILBERT } from './family.ts';

/** The parts below mirror `transformers/models/distilbert/modeling_distilbert.py`, class for class and name for name. */

const EPS = 1e-12;

/** Fills rows with sines and cosines of their numbers. */
function sinusoidal(values: Float32Array, dim: number): void {
  for (let i = 0; i < values.length; i++) {
    const [position, column] = [Math.floor(i / dim), i % dim];
    const angle = position / 10000 ** ((2 * Math.floor(column / 2)) / dim);
    values[i] = column % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  }
}

class Embeddings extends Module<[Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  position_embeddings: Embedding;
  LayerNorm: LayerNorm;
  readonly sinusoidal: boolean;

  constructor({ vocab_size, dim, max_position_embeddings, pad_token_id, sinusoidal_pos_embds }: DistilBertConfig) {
    super();
    this.word_embeddings = new Embedding(vocab_size, dim, { padding_idx: pad_token_id });
    this.position_embeddings = new Embedding(max_position_embeddings, dim);
    this.LayerNorm = new LayerNorm(dim, { eps: EPS });
    this.sinusoidal = sinusoidal_pos_embds;
  }

  init_weights(): void {
    const { weight } = this.position_embeddings;
    if (this.sinusoidal) weight.initialise = (values) => sinusoidal(values, weight.shape[1]);
  }

  forward(input_ids: Tensor, position_ids: Tensor): Tensor {
    return this.LayerNorm(F.add(this.word_embeddings(input_ids), this.position_embeddings(position_ids)));
  }
}

class MultiHeadSelfAttention extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  q_lin: Linear;
  k_lin: Linear;
  v_lin: Linear;
  out_lin: Linear;
  readonly heads: number;

  constructor({ dim, n_heads }: DistilBertConfig) {
    super();
    this.q_lin = new Linear(dim, dim);
    this.k_lin = new Linear(dim, dim);
    this.v_lin = new Linear(dim, dim);
    this.out_lin = new Linear(dim, dim);
    this.heads = n_heads;
  }

  forward(x: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k, v] = [this.q_lin(x), this.k_lin(x), this.v_lin(x)];
    const context = F.attention(q, k, v, { mask, heads: this.heads });
    return [this.out_lin(context), output_attentions ? F.attention_weights(q, k, { mask, heads: this.heads }) : undefined];
  }
}

class FFN extends Module<[Tensor], Tensor> {
  lin1: Linear;
  lin2: Linear;
  readonly activation: string;

  constructor({ dim, hidden_dim, activation }: DistilBertConfig) {
    super();
    this.lin1 = new Linear(dim, hidden_dim);
    this.lin2 = new Linear(hidden_dim, dim);
    this.activation = activationOf(activation);
  }

  forward(x: Tensor): Tensor {
    return this.lin2(F.activation(this.activation, this.lin1(x)));
  }
}

class TransformerBlock extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  attention: MultiHeadSelfAttention;
  sa_layer_norm: LayerNorm;
  ffn: FFN;
  output_layer_norm: LayerNorm;

  constructor(config: DistilBertConfig) {
    super();
    this.attention = new MultiHeadSelfAttention(config);
    this.sa_layer_norm = new LayerNorm(config.dim, { eps: EPS });
    this.ffn = new FFN(config);
    this.output_layer_norm = new LayerNorm(config.dim, { eps: EPS });
  }

  forward(x: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.attention(x, mask, output_attentions);
    const sa_output = this.sa_layer_norm(F.add(attended, x));
    return [this.output_layer_norm(F.add(this.ffn(sa_output), sa_output)), weights];
  }
}

class Transformer extends Module<[Tensor, Mask, boolean], Encoded> {
  layer: ModuleList<TransformerBlock>;

  constructor(config: DistilBertConfig) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.n_layers }, () => new TransformerBlock(config)));
  }

  forward(x: Tensor, mask: Mask, output_attentions: boolean): Encoded {
    return runLayers(this.layer, x, mask, output_attentions);
  }
}

/**
 * The bare encoder, as `transformers.DistilBertModel`. Answers (last_hidden_state [batch, sequence, dim]), followed by hidden_states and attentions
 * where the config asks for them.
 */
export class DistilBertModel extends EncoderModel {
  static override readonly family = DISTILBERT;
  static override readonly head = 'Model';
  declare readonly config: DistilBertConfig;
  embeddings: Embeddings;
  transformer: Transformer;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: DistilBertConfig, options: { seed?: number } = {}) {
    super(config, options);
    this.embeddings = new Embeddings(config);
    this.transformer = new Transformer(config);
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, position_ids }: Tokens, mask: Mask): Encoded {
    return this.transformer(this.embeddings(input_ids, position_ids), mask, this.config.output_attentions);
  }
}
