import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { PooledModel, type PoolerOptions } from '../encoder.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { MobileBertConfig } from './config.ts';
import { MOBILEBERT } from './family.ts';
import { MobileBertLayer } from './layer.ts';
import { type Norm, normOf } from './norms.ts';

/** The parts below mirror `transformers/models/mobilebert/modeling_mobilebert.py`, class for class and name for name. */

/** Words, or the word behind, the word and the one before it side by side, made as wide as hidden states; token types and positions. */
class MobileBertEmbeddings extends Module<[Tensor, Tensor, Tensor], Tensor> {
  word_embeddings: Embedding;
  position_embeddings: Embedding;
  token_type_embeddings: Embedding;
  /** Absent where words are as wide as hidden states and stand alone. */
  embedding_transformation?: Linear;
  LayerNorm: Norm;
  readonly trigram: boolean;

  constructor(config: MobileBertConfig) {
    super();
    const { vocab_size, embedding_size, hidden_size, max_position_embeddings, type_vocab_size, pad_token_id, trigram_input } = config;
    this.word_embeddings = new Embedding(vocab_size, embedding_size, { padding_idx: pad_token_id });
    this.position_embeddings = new Embedding(max_position_embeddings, hidden_size);
    this.token_type_embeddings = new Embedding(type_vocab_size, hidden_size);
    if (trigram_input || embedding_size !== hidden_size)
      this.embedding_transformation = new Linear(embedding_size * (trigram_input ? 3 : 1), hidden_size);
    this.LayerNorm = normOf(config, hidden_size);
    this.trigram = trigram_input;
  }

  forward(input_ids: Tensor, token_type_ids: Tensor, position_ids: Tensor): Tensor {
    const words = this.word_embeddings(input_ids);
    const beside = (side: -1 | 1): Tensor => F.neighbours(input_ids, this.word_embeddings.weight, side);
    const input = this.trigram ? F.cat([beside(1), words, beside(-1)], 2) : words;
    const wide = this.embedding_transformation?.(input) ?? input;
    return this.LayerNorm(F.add(F.add(wide, this.position_embeddings(position_ids)), this.token_type_embeddings(token_type_ids)));
  }
}

class MobileBertEncoder extends Module<[Tensor, Mask, boolean], Encoded> {
  layer: ModuleList<MobileBertLayer>;

  constructor(config: MobileBertConfig) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new MobileBertLayer(config)));
  }

  forward(embeddings: Tensor, mask: Mask, output_attentions: boolean): Encoded {
    return runLayers(this.layer, embeddings, mask, output_attentions);
  }
}

/** A vector of each text: its first token, or what a dense layer and tanh make of it. */
class MobileBertPooler extends Module<[Tensor], Tensor> {
  dense?: Linear;

  constructor({ hidden_size, classifier_activation }: MobileBertConfig) {
    super();
    if (classifier_activation) this.dense = new Linear(hidden_size, hidden_size);
  }

  forward(hidden_states: Tensor): Tensor {
    const first = F.select(hidden_states, 1, 0);
    return this.dense ? F.tanh(this.dense(first)) : first;
  }
}

/**
 * The bare encoder, as `transformers.MobileBertModel`. Answers (last_hidden_state [batch, sequence, hidden], pooler_output
 * [batch, hidden]), followed by hidden_states and attentions where the config asks for them. With `trigram_input`, tokens that an attention_mask rules
 * out are neighbours like all others.
 */
export class MobileBertModel extends PooledModel {
  static override readonly family = MOBILEBERT;
  static override readonly head = 'Model';
  declare readonly config: MobileBertConfig;
  embeddings: MobileBertEmbeddings;
  encoder: MobileBertEncoder;
  pooler: MobileBertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: MobileBertConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new MobileBertEmbeddings(config);
    this.encoder = new MobileBertEncoder(config);
    this.pooler = options?.add_pooling_layer === false ? null : new MobileBertPooler(config);
    this.post_init(options?.seed);
  }
}
