import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertEmbeddings } from '../bert/encoder.ts';
import { EncoderModel, type PoolerOptions, type Tokens, WITH_POOLER } from '../encoder.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { AlbertConfig } from './config.ts';
import { ALBERT } from './family.ts';

/** The parts below mirror `transformers/models/albert/modeling_albert.py`, class for class and name for name. */

class AlbertAttention extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  query: Linear;
  key: Linear;
  value: Linear;
  dense: Linear;
  LayerNorm: LayerNorm;
  readonly heads: number;

  constructor({ hidden_size, num_attention_heads, layer_norm_eps }: AlbertConfig) {
    super();
    this.query = new Linear(hidden_size, hidden_size);
    this.key = new Linear(hidden_size, hidden_size);
    this.value = new Linear(hidden_size, hidden_size);
    this.dense = new Linear(hidden_size, hidden_size);
    this.LayerNorm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
    this.heads = num_attention_heads;
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k, v] = [this.query(hidden_states), this.key(hidden_states), this.value(hidden_states)];
    const context = F.attention(q, k, v, { mask, heads: this.heads });
    const attended = this.LayerNorm(F.add(this.dense(context), hidden_states));
    return [attended, output_attentions ? F.attention_weights(q, k, { mask, heads: this.heads }) : undefined];
  }
}

class AlbertLayer extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  full_layer_layer_norm: LayerNorm;
  attention: AlbertAttention;
  ffn: Linear;
  ffn_output: Linear;
  readonly activation: string;

  constructor(config: AlbertConfig) {
    super();
    this.full_layer_layer_norm = new LayerNorm(config.hidden_size, { eps: config.layer_norm_eps });
    this.attention = new AlbertAttention(config);
    this.ffn = new Linear(config.hidden_size, config.intermediate_size);
    this.ffn_output = new Linear(config.intermediate_size, config.hidden_size);
    this.activation = config.activation;
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.attention(hidden_states, mask, output_attentions);
    const output = this.ffn_output(F.activation(this.activation, this.ffn(attended)));
    return [this.full_layer_layer_norm(F.add(output, attended)), weights];
  }
}

class AlbertLayerGroup extends Module<[Tensor, Mask, boolean], Encoded> {
  albert_layers: ModuleList<AlbertLayer>;

  constructor(config: AlbertConfig) {
    super();
    this.albert_layers = new ModuleList(Array.from({ length: config.inner_group_num }, () => new AlbertLayer(config)));
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): Encoded {
    return runLayers(this.albert_layers, hidden_states, mask, output_attentions);
  }
}

class AlbertTransformer extends Module<[Tensor, Mask, boolean], Encoded> {
  embedding_hidden_mapping_in: Linear;
  albert_layer_groups: ModuleList<AlbertLayerGroup>;
  readonly depth: number;

  constructor(config: AlbertConfig) {
    super();
    this.embedding_hidden_mapping_in = new Linear(config.embedding_size, config.hidden_size);
    this.albert_layer_groups = new ModuleList(Array.from({ length: config.num_hidden_groups }, () => new AlbertLayerGroup(config)));
    this.depth = config.num_hidden_layers;
  }

  /** Each group runs as often as it has a share in the depth. */
  forward(embeddings: Tensor, mask: Mask, output_attentions: boolean): Encoded {
    const groups = [...this.albert_layer_groups];
    const hidden_states = [this.embedding_hidden_mapping_in(embeddings)];
    const attentions: Tensor[] = [];
    for (let i = 0; i < this.depth; i++) {
      const group = groups[Math.floor(i / (this.depth / groups.length))];
      const encoded = group(hidden_states[hidden_states.length - 1], mask, output_attentions);
      hidden_states.push(...encoded.hidden_states.slice(1));
      attentions.push(...encoded.attentions);
    }
    return { hidden_states, attentions };
  }
}

/**
 * The bare encoder, as `transformers.AlbertModel`: layers that stand in one place and run many times. Answers (last_hidden_state
 * [batch, sequence, hidden], pooler_output [batch, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class AlbertModel extends EncoderModel {
  static override readonly family = ALBERT;
  static override readonly head = 'Model';
  static override readonly OPTIONS = WITH_POOLER;
  declare readonly config: AlbertConfig;
  embeddings: BertEmbeddings;
  encoder: AlbertTransformer;
  pooler: Linear | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: AlbertConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new BertEmbeddings(config, config.embedding_size);
    this.encoder = new AlbertTransformer(config);
    this.pooler = options?.add_pooling_layer === false ? null : new Linear(config.hidden_size, config.hidden_size);
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, token_type_ids, position_ids }: Tokens, mask: Mask): Encoded {
    return this.encoder(this.embeddings(input_ids, token_type_ids, position_ids), mask, this.config.output_attentions);
  }

  protected override pooled(last_hidden_state: Tensor): Tensor | undefined {
    return this.pooler ? F.tanh(this.pooler(F.select(last_hidden_state, 1, 0))) : undefined;
  }
}
