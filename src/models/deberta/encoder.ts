import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { BertIntermediate, BertOutput } from '../bert/encoder.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import { type Encoded, type EncoderLayer, type Mask, runLayers } from '../layers.ts';
import { type DebertaConfig, furthestOf } from './config.ts';

/** The parts mirror `transformers/models/deberta/modeling_deberta.py`, class for class and name for name. DeBERTa-v2 has them too. */

/** The sum of the embeddings that the configuration asks for, normalised, zeros for tokens that the mask rules out: [batch, sequence, hidden]. */
export class DebertaEmbeddings extends Module<[Tokens, Mask], Tensor> {
  word_embeddings: Embedding;
  position_embeddings: Embedding | null;
  token_type_embeddings: Embedding | null;
  embed_proj: Linear | null;
  LayerNorm: LayerNorm;

  constructor(config: DebertaConfig) {
    super();
    const { hidden_size, type_vocab_size, max_position_embeddings } = config;
    const width = config.embedding_size ?? hidden_size;
    this.word_embeddings = new Embedding(config.vocab_size, width, { padding_idx: config.pad_token_id });
    this.position_embeddings = config.position_biased_input ? new Embedding(max_position_embeddings, width) : null;
    this.token_type_embeddings = type_vocab_size > 0 ? new Embedding(type_vocab_size, width) : null;
    this.embed_proj = width === hidden_size ? null : new Linear(width, hidden_size, { bias: false });
    this.LayerNorm = new LayerNorm(hidden_size, { eps: config.layer_norm_eps });
  }

  forward({ input_ids, token_type_ids, position_ids }: Tokens, mask: Mask): Tensor {
    let sum: Tensor = this.word_embeddings(input_ids);
    if (this.position_embeddings) sum = F.add(sum, this.position_embeddings(position_ids));
    if (this.token_type_embeddings) sum = F.add(sum, this.token_type_embeddings(token_type_ids));
    const normal = this.LayerNorm(this.embed_proj?.(sum) ?? sum);
    return mask ? F.masked(normal, mask) : normal;
  }
}

/** What attention asks for besides hidden states. */
export interface Attending {
  mask: Mask;
  /** [2 · sequence - 1, hidden]: what stands for each distance, from the furthest key in front of a query on; absent where attention knows no positions. */
  distances?: Tensor;
  output_attentions: boolean;
}

/** Attention over hidden states, and its weights if they are asked for. */
export type SelfAttention = Module<[Tensor, Attending], [Tensor, Tensor?]>;

/** Attention of queries, keys and values, with what else their scores are made of. */
export function attend([q, k, v]: readonly Tensor[], { mask, output_attentions }: Attending, options: Terms): [Tensor, Tensor?] {
  const weighing = { ...options, mask };
  return [F.disentangled_attention(q, k, v, weighing), output_attentions ? F.disentangled_attention_weights(q, k, weighing) : undefined];
}

interface Terms {
  heads: number;
  scale: number;
  pos_key?: Tensor;
  pos_query?: Tensor;
}

class DebertaAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  self: SelfAttention;
  output: BertOutput;

  constructor(config: DebertaConfig, self: SelfAttention) {
    super();
    this.self = self;
    this.output = new BertOutput(config.hidden_size, config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [context, weights] = this.self(hidden_states, attending);
    return [this.output(context, hidden_states), weights];
  }
}

/** A layer over attention of its family. */
export class DebertaLayer extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  attention: DebertaAttention;
  intermediate: BertIntermediate;
  output: BertOutput;

  constructor(config: DebertaConfig, self: SelfAttention) {
    super();
    this.attention = new DebertaAttention(config, self);
    this.intermediate = new BertIntermediate(config);
    this.output = new BertOutput(config.intermediate_size, config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const [attended, weights] = this.attention(hidden_states, attending);
    return [this.output(this.intermediate(attended), attended), weights];
  }
}

/** Layers over embeddings, and what stands for distances in their attention. */
export class DebertaEncoder extends Module<[Tensor, Mask, boolean], Encoded> {
  layer: ModuleList<DebertaLayer>;
  rel_embeddings: Embedding | null;
  readonly #furthest: number;
  readonly #rowOf: (distance: number) => number;
  #rows?: Tensor<'int32'>;

  /** `span` rows on each side of a query, of which `bucketOf` says which one a distance has: counted from the row of no distance. */
  constructor(config: DebertaConfig, makeSelf: () => SelfAttention, span = furthestOf(config), bucketOf = (distance: number) => distance) {
    super();
    this.layer = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new DebertaLayer(config, makeSelf())));
    this.rel_embeddings = config.relative_attention ? new Embedding(2 * span, config.hidden_size) : null;
    this.#furthest = config.max_position_embeddings - 1;
    this.#rowOf = (distance) => Math.min(2 * span - 1, Math.max(0, bucketOf(distance) + span));
  }

  /** Rows of the embeddings for all distances, from the furthest key in front of a query on. */
  #allRows(): Tensor<'int32'> {
    const count = 2 * this.#furthest + 1;
    this.#rows ??= new Tensor(
      'int32',
      [count],
      Int32Array.from({ length: count }, (_, i) => this.#rowOf(this.#furthest - i)),
    );
    return this.#rows;
  }

  /** What stands for each distance between tokens of a text of `length`. */
  protected distances(length: number): Tensor | undefined {
    return this.rel_embeddings ? F.narrow(this.rel_embeddings(this.#allRows()), 0, this.#furthest + 1 - length, 2 * length - 1) : undefined;
  }

  /** The layers on a text of `length`. */
  protected layersFor(length: number): EncoderLayer[] {
    const distances = this.distances(length);
    return [...this.layer].map(
      (layer) => (hidden_states, mask, output_attentions) => layer(hidden_states, { mask, distances, output_attentions }),
    );
  }

  forward(embeddings: Tensor, mask: Mask, output_attentions: boolean): Encoded {
    return runLayers(this.layersFor(embeddings.shape[1]), embeddings, mask, output_attentions);
  }
}

/** Embeddings and an encoder of a family. */
export abstract class DebertaEncoderModel extends EncoderModel {
  abstract embeddings: DebertaEmbeddings;
  abstract encoder: DebertaEncoder;

  protected encoded(tokens: Tokens, mask: Mask): Encoded {
    return this.encoder(this.embeddings(tokens, mask), mask, this.config.output_attentions);
  }
}
