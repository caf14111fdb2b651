import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertIntermediate, BertOutput, BertPooler } from '../bert/encoder.ts';
import { bucketsOf } from '../buckets.ts';
import { EncoderModel, type PoolerOptions, type Tokens, WITH_POOLER } from '../encoder.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import { BUCKETS, PADDING } from './buckets.ts';
import type { MPNetConfig } from './config.ts';
import { MPNET } from './family.ts';

/** The parts below mirror `transformers/models/mpnet/modeling_mpnet.py`, class for class and name for name. */

class MPNetEmbeddings extends Module<[Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  position_embeddings: Embedding;
  LayerNorm: LayerNorm;

  constructor({ vocab_size, hidden_size, max_position_embeddings, layer_norm_eps }: MPNetConfig) {
    super();
    this.word_embeddings = new Embedding(vocab_size, hidden_size, { padding_idx: PADDING });
    this.position_embeddings = new Embedding(max_position_embeddings, hidden_size, { padding_idx: PADDING });
    this.LayerNorm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
  }

  forward(input_ids: Tensor, position_ids: Tensor): Tensor {
    return this.LayerNorm(F.add(this.word_embeddings(input_ids), this.position_embeddings(position_ids)));
  }
}

class MPNetSelfAttention extends Module<[Tensor, Mask, Tensor, boolean], [Tensor, Tensor?]> {
  q: Linear;
  k: Linear;
  v: Linear;
  o: Linear;
  readonly heads: number;

  constructor({ hidden_size, num_attention_heads }: MPNetConfig) {
    super();
    this.q = new Linear(hidden_size, hidden_size);
    this.k = new Linear(hidden_size, hidden_size);
    this.v = new Linear(hidden_size, hidden_size);
    this.o = new Linear(hidden_size, hidden_size);
    this.heads = num_attention_heads;
  }

  forward(hidden_states: Tensor, mask: Mask, bias: Tensor, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k, v] = [this.q(hidden_states), this.k(hidden_states), this.v(hidden_states)];
    const options = { mask, bias, heads: this.heads };
    return [this.o(F.attention(q, k, v, options)), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

class MPNetAttention extends Module<[Tensor, Mask, Tensor, boolean], [Tensor, Tensor?]> {
  attn: MPNetSelfAttention;
  LayerNorm: LayerNorm;

  constructor(config: MPNetConfig) {
    super();
    this.attn = new MPNetSelfAttention(config);
    this.LayerNorm = new LayerNorm(config.hidden_size, { eps: config.layer_norm_eps });
  }

  forward(hidden_states: Tensor, mask: Mask, bias: Tensor, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.attn(hidden_states, mask, bias, output_attentions);
    return [this.LayerNorm(F.add(attended, hidden_states)), weights];
  }
}

class MPNetLayer extends Module<[Tensor, Mask, Tensor, boolean], [Tensor, Tensor?]> {
  attention: MPNetAttention;
  intermediate: BertIntermediate;
  output: BertOutput;

  constructor(config: MPNetConfig) {
    super();
    this.attention = new MPNetAttention(config);
    this.intermediate = new BertIntermediate(config);
    this.output = new BertOutput(config.intermediate_size, config);
  }

  forward(hidden_states: Tensor, mask: Mask, bias: Tensor, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.attention(hidden_states, mask, bias, output_attentions);
    return [this.output(this.intermediate(attended), attended), weights];
  }
}

class MPNetEncoder extends Module<[Tensor, Mask, boolean], Encoded> {
  layer: ModuleList<MPNetLayer>;
  relative_attention_bias: Embedding;
  readonly buckets: Tensor<'int32'>;

  constructor(config: MPNetConfig) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new MPNetLayer(config)));
    this.relative_attention_bias = new Embedding(config.relative_attention_num_buckets, config.num_attention_heads);
    this.buckets = bucketsOf(BUCKETS);
  }

  /** What the scores of all layers have added to them, by head and distance. */
  compute_position_bias(): Tensor {
    return F.transpose(this.relative_attention_bias(this.buckets), 0, 1);
  }

  forward(embeddings: Tensor, mask: Mask, output_attentions: boolean): Encoded {
    const bias = this.compute_position_bias();
    const layers = [...this.layer].map((layer) => (x: Tensor, its: Mask, weights: boolean) => layer(x, its, bias, weights));
    return runLayers(layers, embeddings, mask, output_attentions);
  }
}

/**
 * The bare encoder, as `transformers.MPNetModel`: scores have a bias by distance, one for all layers. Answers (last_hidden_state
 * [batch, sequence, hidden], pooler_output [batch, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class MPNetModel extends EncoderModel {
  static override readonly family = MPNET;
  static override readonly head = 'Model';
  static override readonly OPTIONS = WITH_POOLER;
  declare readonly config: MPNetConfig;
  embeddings: MPNetEmbeddings;
  encoder: MPNetEncoder;
  pooler: BertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: MPNetConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new MPNetEmbeddings(config);
    this.encoder = new MPNetEncoder(config);
    this.pooler = options?.add_pooling_layer === false ? null : new BertPooler(config);
    this.post_init(options?.seed);
  }

  protected override positionsOf(input_ids: Tensor): Tensor {
    return F.positions(input_ids, PADDING);
  }

  protected encoded({ input_ids, position_ids }: Tokens, mask: Mask): Encoded {
    return this.encoder(this.embeddings(input_ids, position_ids), mask, this.config.output_attentions);
  }

  protected override pooled(last_hidden_state: Tensor): Tensor | undefined {
    return this.pooler?.(last_hidden_state);
  }
}
