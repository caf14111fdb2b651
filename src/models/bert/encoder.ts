import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Encoded, type Mask, runLayers, type Source } from '../layers.ts';

/** The parts mirror `transformers/models/bert/modeling_bert.py`, class for class and name for name. Other families have them too. */

/** What the parts of an encoder are made from. */
interface EncoderSizes {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly layer_norm_eps: number;
  /** The op between the products of a layer. */
  readonly activation: string;
  /** Whether tokens see none behind them. */
  readonly is_decoder: boolean;
  /** Whether layers attend to another sequence too, where one is given. */
  readonly add_cross_attention: boolean;
}

interface EmbeddingSizes {
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly pad_token_id: number | null;
  readonly layer_norm_eps: number;
}

/** The sum of the embeddings of tokens, their types and their positions, normalised: [batch, sequence, hidden]. */
export class BertEmbeddings extends Module<[Tensor, Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  position_embeddings: Embedding;
  token_type_embeddings: Embedding;
  LayerNorm: LayerNorm;

  /** `width` is that of all three; the fresh position of `padding`, if it is one, is zeros. */
  constructor(sizes: EmbeddingSizes, width: number, padding: number | null = null) {
    super();
    const { vocab_size, max_position_embeddings, type_vocab_size, pad_token_id, layer_norm_eps } = sizes;
    this.word_embeddings = new Embedding(vocab_size, width, { padding_idx: pad_token_id });
    this.position_embeddings = new Embedding(max_position_embeddings, width, { padding_idx: padding });
    this.token_type_embeddings = new Embedding(type_vocab_size, width);
    this.LayerNorm = new LayerNorm(width, { eps: layer_norm_eps });
  }

  forward(input_ids: Tensor, token_type_ids: Tensor, position_ids: Tensor): Tensor {
    const words = this.word_embeddings(input_ids);
    const embeddings = F.add(words, this.token_type_embeddings(token_type_ids));
    return this.LayerNorm(F.add(embeddings, this.position_embeddings(position_ids)));
  }
}

/** `BertSelfAttention`, and `BertCrossAttention` where it is given a sequence to attend to. */
class BertSelfAttention extends Module<[Tensor, Mask, boolean, Tensor?], [Tensor, Tensor?]> {
  query: Linear;
  key: Linear;
  value: Linear;
  readonly heads: number;
  readonly is_causal: boolean;

  constructor({ hidden_size, num_attention_heads }: EncoderSizes, is_causal: boolean) {
    super();
    this.query = new Linear(hidden_size, hidden_size);
    this.key = new Linear(hidden_size, hidden_size);
    this.value = new Linear(hidden_size, hidden_size);
    this.heads = num_attention_heads;
    this.is_causal = is_causal;
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean, others?: Tensor): [Tensor, Tensor?] {
    const seen = others ?? hidden_states;
    const [q, k, v] = [this.query(hidden_states), this.key(seen), this.value(seen)];
    const options = { mask, heads: this.heads, is_causal: this.is_causal, is_cross: others !== undefined };
    return [F.attention(q, k, v, options), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

/** dense, then layer norm of the sum with the input; `BertSelfOutput` and `BertOutput` alike. */
export class BertOutput extends Module<[Tensor, Tensor], Tensor> {
  dense: Linear;
  LayerNorm: LayerNorm;

  constructor(in_features: number, { hidden_size, layer_norm_eps }: Pick<EncoderSizes, 'hidden_size' | 'layer_norm_eps'>) {
    super();
    this.dense = new Linear(in_features, hidden_size);
    this.LayerNorm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
  }

  forward(hidden_states: Tensor, input: Tensor): Tensor {
    return this.LayerNorm(F.add(this.dense(hidden_states), input));
  }
}

class BertAttention extends Module<[Tensor, Mask, boolean, Tensor?], [Tensor, Tensor?]> {
  self: BertSelfAttention;
  output: BertOutput;

  constructor(config: EncoderSizes, is_causal: boolean) {
    super();
    this.self = new BertSelfAttention(config, is_causal);
    this.output = new BertOutput(config.hidden_size, config);
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean, others?: Tensor): [Tensor, Tensor?] {
    const [context, weights] = this.self(hidden_states, mask, output_attentions, others);
    return [this.output(context, hidden_states), weights];
  }
}

/** dense, then the activation of the configuration. */
export class BertIntermediate extends Module<[Tensor], Tensor> {
  dense: Linear;
  readonly activation: string;

  constructor(config: Pick<EncoderSizes, 'hidden_size' | 'intermediate_size' | 'activation'>) {
    super();
    this.dense = new Linear(config.hidden_size, config.intermediate_size);
    this.activation = config.activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return F.activation(this.activation, this.dense(hidden_states));
  }
}

class BertLayer extends Module<[Tensor, Mask, boolean, Source?], [Tensor, Tensor?, Tensor?]> {
  attention: BertAttention;
  /** Absent where the configuration adds none. */
  crossattention?: BertAttention;
  intermediate: BertIntermediate;
  output: BertOutput;

  constructor(config: EncoderSizes) {
    super();
    this.attention = new BertAttention(config, config.is_decoder);
    if (config.add_cross_attention) this.crossattention = new BertAttention(config, false);
    this.intermediate = new BertIntermediate(config);
    this.output = new BertOutput(config.intermediate_size, config);
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean, source?: Source): [Tensor, Tensor?, Tensor?] {
    const [own, weights] = this.attention(hidden_states, mask, output_attentions);
    const [attended, cross] =
      this.crossattention && source ? this.crossattention(own, source.mask, output_attentions, source.hidden_states) : [own];
    return [this.output(this.intermediate(attended), attended), weights, cross];
  }
}

/** Layers over embeddings, those of a decoder with what they attend to. */
export class BertEncoder extends Module<[Tensor, Mask, boolean, Source?], Encoded> {
  layer: ModuleList<BertLayer>;

  constructor(config: EncoderSizes) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new BertLayer(config)));
  }

  forward(embeddings: Tensor, mask: Mask, output_attentions: boolean, source?: Source): Encoded {
    return runLayers(this.layer, embeddings, mask, output_attentions, source);
  }
}

/** A vector of each text, of its first token: [batch, hidden]. */
export class BertPooler extends Module<[Tensor], Tensor> {
  dense: Linear;

  constructor({ hidden_size }: Pick<EncoderSizes, 'hidden_size'>) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
  }

  forward(hidden_states: Tensor): Tensor {
    return F.tanh(this.dense(F.select(hidden_states, 1, 0)));
  }
}
