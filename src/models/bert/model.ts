import { FLAG } from '../../base/schema.ts';
import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { type ModelOutput, modelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { checkIds, fitPositions } from '../inputs.ts';
import { type Encoded, runLayers } from '../layers.ts';
import { type ModelInputs, PreTrainedModel } from '../pretrained.ts';
import type { BertConfig } from './config.ts';
import { BERT } from './family.ts';

/** The parts below mirror `transformers/models/bert/modeling_bert.py`, class for class and name for name. */

type Optional = Tensor | null | undefined;

class BertEmbeddings extends Module<[Tensor, Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  position_embeddings: Embedding;
  token_type_embeddings: Embedding;
  LayerNorm: LayerNorm;

  constructor({ vocab_size, hidden_size, max_position_embeddings, type_vocab_size, pad_token_id, layer_norm_eps }: BertConfig) {
    super();
    const padding_idx = pad_token_id !== null && pad_token_id < 0 ? vocab_size + pad_token_id : pad_token_id;
    this.word_embeddings = new Embedding(vocab_size, hidden_size, { padding_idx });
    this.position_embeddings = new Embedding(max_position_embeddings, hidden_size);
    this.token_type_embeddings = new Embedding(type_vocab_size, hidden_size);
    this.LayerNorm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
  }

  forward(input_ids: Tensor, token_type_ids: Tensor, position_ids: Tensor): Tensor {
    const words = this.word_embeddings(input_ids);
    const embeddings = F.add(words, this.token_type_embeddings(token_type_ids));
    return this.LayerNorm(F.add(embeddings, this.position_embeddings(position_ids)));
  }
}

class BertSelfAttention extends Module<[Tensor, Optional, boolean], [Tensor, Tensor?]> {
  query: Linear;
  key: Linear;
  value: Linear;
  readonly heads: number;

  constructor({ hidden_size, num_attention_heads }: BertConfig) {
    super();
    this.query = new Linear(hidden_size, hidden_size);
    this.key = new Linear(hidden_size, hidden_size);
    this.value = new Linear(hidden_size, hidden_size);
    this.heads = num_attention_heads;
  }

  forward(hidden_states: Tensor, mask: Optional, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k, v] = [this.query(hidden_states), this.key(hidden_states), this.value(hidden_states)];
    const context = F.attention(q, k, v, { mask, heads: this.heads });
    return [context, output_attentions ? F.attention_weights(q, k, { mask, heads: this.heads }) : undefined];
  }
}

/** dense, then layer norm of the sum with the input; `BertSelfOutput` and `BertOutput` alike. */
class BertOutput extends Module<[Tensor, Tensor], Tensor> {
  dense: Linear;
  LayerNorm: LayerNorm;

  constructor(in_features: number, { hidden_size, layer_norm_eps }: BertConfig) {
    super();
    this.dense = new Linear(in_features, hidden_size);
    this.LayerNorm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
  }

  forward(hidden_states: Tensor, input: Tensor): Tensor {
    return this.LayerNorm(F.add(this.dense(hidden_states), input));
  }
}

class BertAttention extends Module<[Tensor, Optional, boolean], [Tensor, Tensor?]> {
  self: BertSelfAttention;
  output: BertOutput;

  constructor(config: BertConfig) {
    super();
    this.self = new BertSelfAttention(config);
    this.output = new BertOutput(config.hidden_size, config);
  }

  forward(hidden_states: Tensor, mask: Optional, output_attentions: boolean): [Tensor, Tensor?] {
    const [context, weights] = this.self(hidden_states, mask, output_attentions);
    return [this.output(context, hidden_states), weights];
  }
}

class BertIntermediate extends Module<[Tensor], Tensor> {
  dense: Linear;
  readonly activation: string;

  constructor(config: BertConfig) {
    super();
    this.dense = new Linear(config.hidden_size, config.intermediate_size);
    this.activation = config.activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return F.activation(this.activation, this.dense(hidden_states));
  }
}

class BertLayer extends Module<[Tensor, Optional, boolean], [Tensor, Tensor?]> {
  attention: BertAttention;
  intermediate: BertIntermediate;
  output: BertOutput;

  constructor(config: BertConfig) {
    super();
    this.attention = new BertAttention(config);
    this.intermediate = new BertIntermediate(config);
    this.output = new BertOutput(config.intermediate_size, config);
  }

  forward(hidden_states: Tensor, mask: Optional, output_attentions: boolean): [Tensor, Tensor?] {
    const [attended, weights] = this.attention(hidden_states, mask, output_attentions);
    return [this.output(this.intermediate(attended), attended), weights];
  }
}

class BertEncoder extends Module<[Tensor, Optional, boolean], Encoded> {
  layer: ModuleList<BertLayer>;

  constructor(config: BertConfig) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new BertLayer(config)));
  }

  forward(embeddings: Tensor, mask: Optional, output_attentions: boolean): Encoded {
    return runLayers(this.layer, embeddings, mask, output_attentions);
  }
}

class BertPooler extends Module<[Tensor], Tensor> {
  dense: Linear;

  constructor({ hidden_size }: BertConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
  }

  forward(hidden_states: Tensor): Tensor {
    return F.tanh(this.dense(F.select(hidden_states, 1, 0)));
  }
}

/**
 * The bare encoder, as `transformers.BertModel`. Answers (last_hidden_state [batch, sequence, hidden], pooler_output
 * [batch, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class BertModel extends PreTrainedModel {
  static override readonly family = BERT;
  static override readonly head = 'Model';
  declare readonly config: BertConfig;
  embeddings: BertEmbeddings;
  encoder: BertEncoder;
  pooler: BertPooler | null;

  static override readonly OPTIONS: typeof PreTrainedModel.OPTIONS = { ...PreTrainedModel.OPTIONS, add_pooling_layer: FLAG };

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: BertConfig, options: { seed?: number; add_pooling_layer?: boolean } = {}) {
    super(config, options);
    this.embeddings = new BertEmbeddings(config);
    this.encoder = new BertEncoder(config);
    this.pooler = options?.add_pooling_layer === false ? null : new BertPooler(config);
    this.post_init(options?.seed);
  }

  forward(...inputs: ModelInputs): ModelOutput {
    const [input_ids, types, mask, positions] = this.taken(inputs);
    checkIds(input_ids, { token_type_ids: types, attention_mask: mask }, this.config);
    const position_ids = positions ? fitPositions(positions, input_ids.shape) : F.positions(input_ids);
    const token_type_ids = types ?? F.filled(input_ids, 0);
    const embeddings = this.embeddings(input_ids, token_type_ids, position_ids);
    const { hidden_states, attentions } = this.encoder(embeddings, mask, this.config.output_attentions);
    const last_hidden_state = hidden_states[hidden_states.length - 1];
    return modelOutput({
      last_hidden_state,
      pooler_output: this.pooler?.(last_hidden_state),
      hidden_states: this.config.output_hidden_states ? hidden_states : undefined,
      attentions: this.config.output_attentions ? attentions : undefined,
    });
  }
}
