import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import { activationOf } from '../fields.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { DistilBertConfig } from './config.ts';
import { DISTILBERT } from './family.ts';
import { FFN, MultiHeadSelfAttention, sinusoidal } from './layers.ts';

/** The parts below mirror `transformers/models/distilbert/modeling_distilbert.py`, class for class and name for name. */

const EPS = 1e-12;

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

class TransformerBlock extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  attention: MultiHeadSelfAttention;
  sa_layer_norm: LayerNorm;
  ffn: FFN;
  output_layer_norm: LayerNorm;

  constructor(config: DistilBertConfig) {
    super();
    this.attention = new MultiHeadSelfAttention(config.dim, config.n_heads);
    this.sa_layer_norm = new LayerNorm(config.dim, { eps: EPS });
    this.ffn = new FFN(config.dim, config.hidden_dim, activationOf(config.activation));
    this.output_layer_norm = new LayerNorm(config.dim, { eps: EPS });
  }

  forward(x: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.attention(x, { mask }, output_attentions);
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
