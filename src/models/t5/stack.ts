import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Embedding, Linear, RMSNorm } from '../../nn/layers.ts';
import { type AnyModule, Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { bucketsOf } from '../buckets.ts';
import type { Mask, Source } from '../layers.ts';
import type { Decoded } from '../seq2seq.ts';
import { bucketsIn, type T5Config } from './config.ts';

/** The parts below mirror `transformers/models/t5/modeling_t5.py`, class for class and name for name. */

const normOf = ({ d_model, layer_norm_epsilon: eps }: T5Config): RMSNorm => new RMSNorm(d_model, { eps });

class T5DenseActDense extends Module<[Tensor], Tensor> {
  wi: Linear;
  wo: Linear;
  readonly activation: string;

  constructor({ d_model, d_ff, activation }: T5Config) {
    super();
    this.wi = new Linear(d_model, d_ff, { bias: false });
    this.wo = new Linear(d_ff, d_model, { bias: false });
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return this.wo(F.activation(this.activation, this.wi(hidden_states)));
  }
}

class T5DenseGatedActDense extends Module<[Tensor], Tensor> {
  wi_0: Linear;
  wi_1: Linear;
  wo: Linear;
  readonly activation: string;

  constructor({ d_model, d_ff, activation }: T5Config) {
    super();
    this.wi_0 = new Linear(d_model, d_ff, { bias: false });
    this.wi_1 = new Linear(d_model, d_ff, { bias: false });
    this.wo = new Linear(d_ff, d_model, { bias: false });
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return this.wo(F.mul(F.activation(this.activation, this.wi_0(hidden_states)), this.wi_1(hidden_states)));
  }
}

class T5LayerFF extends Module<[Tensor], Tensor> {
  DenseReluDense: T5DenseActDense | T5DenseGatedActDense;
  layer_norm: RMSNorm;

  constructor(config: T5Config) {
    super();
    this.DenseReluDense = new (config.gated ? T5DenseGatedActDense : T5DenseActDense)(config);
    this.layer_norm = normOf(config);
  }

  forward(hidden_states: Tensor): Tensor {
    return F.add(hidden_states, this.DenseReluDense(this.layer_norm(hidden_states)));
  }
}

/** What attention asks for besides queries, keys and values. */
interface Attending {
  mask: Mask;
  output_attentions: boolean;
  bias?: Tensor;
  is_causal?: boolean;
  is_cross?: boolean;
}

class T5Attention extends Module<[Tensor, Tensor, Attending], [Tensor, Tensor?]> {
  q: Linear;
  k: Linear;
  v: Linear;
  o: Linear;
  relative_attention_bias: Embedding | null;
  readonly heads: number;

  constructor({ d_model, d_kv, num_heads: heads, relative_attention_num_buckets }: T5Config, has_relative_attention_bias: boolean) {
    super();
    const inner = heads * d_kv;
    this.q = new Linear(d_model, inner, { bias: false });
    this.k = new Linear(d_model, inner, { bias: false });
    this.v = new Linear(d_model, inner, { bias: false });
    this.o = new Linear(inner, d_model, { bias: false });
    this.relative_attention_bias = has_relative_attention_bias ? new Embedding(relative_attention_num_buckets, heads) : null;
    this.heads = heads;
  }

  forward(hidden_states: Tensor, key_value_states: Tensor, { output_attentions, ...others }: Attending): [Tensor, Tensor?] {
    const [q, k, v] = [this.q(hidden_states), this.k(key_value_states), this.v(key_value_states)];
    const options = { heads: this.heads, scale: 1, ...others };
    return [this.o(F.attention(q, k, v, options)), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

class T5LayerSelfAttention extends Module<[Tensor, Attending], [Tensor, Tensor?]> {
  SelfAttention: T5Attention;
  layer_norm: RMSNorm;

  constructor(config: T5Config, has_relative_attention_bias: boolean) {
    super();
    this.SelfAttention = new T5Attention(config, has_relative_attention_bias);
    this.layer_norm = normOf(config);
  }

  forward(hidden_states: Tensor, attending: Attending): [Tensor, Tensor?] {
    const normed = this.layer_norm(hidden_states);
    const [attended, weights] = this.SelfAttention(normed, normed, attending);
    return [F.add(hidden_states, attended), weights];
  }
}

class T5LayerCrossAttention extends Module<[Tensor, Source, boolean], [Tensor, Tensor?]> {
  EncDecAttention: T5Attention;
  layer_norm: RMSNorm;

  constructor(config: T5Config) {
    super();
    this.EncDecAttention = new T5Attention(config, false);
    this.layer_norm = normOf(config);
  }

  forward(hidden_states: Tensor, source: Source, output_attentions: boolean): [Tensor, Tensor?] {
    const attending = { mask: source.mask, is_cross: true, output_attentions };
    const [attended, weights] = this.EncDecAttention(this.layer_norm(hidden_states), source.hidden_states, attending);
    return [F.add(hidden_states, attended), weights];
  }
}

interface BlockOutput {
  hidden_states: Tensor;
  weights: Tensor | undefined;
  cross: Tensor | undefined;
}

class T5Block extends Module<[Tensor, Attending, Source?], BlockOutput> {
  layer: ModuleList<AnyModule>;
  readonly #own: T5LayerSelfAttention;
  readonly #cross: T5LayerCrossAttention | null;
  readonly #last: T5LayerFF;

  constructor(config: T5Config, is_decoder: boolean, has_relative_attention_bias: boolean) {
    super();
    this.#own = new T5LayerSelfAttention(config, has_relative_attention_bias);
    this.#cross = is_decoder ? new T5LayerCrossAttention(config) : null;
    this.#last = new T5LayerFF(config);
    this.layer = new ModuleList([this.#own, ...(this.#cross ? [this.#cross] : []), this.#last]);
  }

  get bias(): Embedding {
    return this.#own.SelfAttention.relative_attention_bias as Embedding;
  }

  forward(hidden_states: Tensor, attending: Attending, source?: Source): BlockOutput {
    const [own, weights] = this.#own(hidden_states, attending);
    const [both, cross] = this.#cross && source ? this.#cross(own, source, attending.output_attentions) : [own];
    return { hidden_states: this.#last(both), weights, cross };
  }
}

/** Blocks over embeddings, those of a decoder with what they attend to: all have the bias by distance that the first one holds. */
export class T5Stack extends Module<[Tensor, Mask, boolean, Source?], Decoded> {
  block: ModuleList<T5Block>;
  final_layer_norm: RMSNorm;
  readonly is_decoder: boolean;
  readonly #buckets: Tensor<'int32'>;

  constructor(config: T5Config, is_decoder: boolean) {
    super();
    const count = is_decoder ? (config.num_decoder_layers ?? config.num_layers) : config.num_layers;
    this.block = new ModuleList(Array.from({ length: count }, (_, i) => new T5Block(config, is_decoder, i === 0)));
    this.final_layer_norm = normOf(config);
    this.is_decoder = is_decoder;
    this.#buckets = bucketsOf(bucketsIn(config, is_decoder));
  }

  forward(embeddings: Tensor, mask: Mask, output_attentions: boolean, source?: Source): Decoded {
    const blocks = [...this.block];
    const bias = F.transpose(blocks[0].bias(this.#buckets), 0, 1);
    const attending = { mask, bias, is_causal: this.is_decoder, output_attentions };
    const outputs: BlockOutput[] = [];
    for (const block of blocks) outputs.push(block(outputs.at(-1)?.hidden_states ?? embeddings, attending, source));
    const states = outputs.map(({ hidden_states }) => hidden_states);
    const top = this.final_layer_norm(states.pop() as Tensor);
    return {
      hidden_states: [embeddings, ...states, top],
      attentions: outputs.flatMap(({ weights }) => weights ?? []),
      cross_attentions: outputs.flatMap(({ cross }) => cross ?? []),
    };
  }
}
