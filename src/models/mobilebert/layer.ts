import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Mask } from '../layers.ts';
import type { MobileBertConfig } from './config.ts';
import { type Norm, normOf } from './norms.ts';

/** The parts below mirror `transformers/models/mobilebert/modeling_mobilebert.py`, class for class and name for name. */

/** dense, then the norm of the sum with the input: `MobileBertSelfOutput`, `FFNOutput` and `OutputBottleneck` alike. */
class Residual extends Module<[Tensor, Tensor], Tensor> {
  dense: Linear;
  LayerNorm: Norm;

  constructor(config: MobileBertConfig, from: number, to: number, eps: number | undefined = config.layer_norm_eps) {
    super();
    this.dense = new Linear(from, to);
    this.LayerNorm = normOf(config, to, eps);
  }

  forward(hidden_states: Tensor, input: Tensor): Tensor {
    return this.LayerNorm(F.add(this.dense(hidden_states), input));
  }
}

interface Attended {
  query: Tensor;
  key: Tensor;
  value: Tensor;
  /** What is added to what attention gathers. */
  input: Tensor;
}

class MobileBertSelfAttention extends Module<[Attended, Mask, boolean], [Tensor, Tensor?]> {
  query: Linear;
  key: Linear;
  value: Linear;
  readonly heads: number;

  constructor({ true_hidden_size: inside, hidden_size, use_bottleneck_attention, num_attention_heads }: MobileBertConfig) {
    super();
    this.query = new Linear(inside, inside);
    this.key = new Linear(inside, inside);
    this.value = new Linear(use_bottleneck_attention ? inside : hidden_size, inside);
    this.heads = num_attention_heads;
  }

  forward({ query, key, value }: Attended, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k, v] = [this.query(query), this.key(key), this.value(value)];
    const options = { mask, heads: this.heads };
    return [F.attention(q, k, v, options), output_attentions ? F.attention_weights(q, k, options) : undefined];
  }
}

class MobileBertAttention extends Module<[Attended, Mask, boolean], [Tensor, Tensor?]> {
  self: MobileBertSelfAttention;
  output: Residual;

  constructor(config: MobileBertConfig) {
    super();
    this.self = new MobileBertSelfAttention(config);
    this.output = new Residual(config, config.true_hidden_size, config.true_hidden_size);
  }

  forward(attended: Attended, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [context, weights] = this.self(attended, mask, output_attentions);
    return [this.output(context, attended.input), weights];
  }
}

class BottleneckLayer extends Module<[Tensor], Tensor> {
  dense: Linear;
  LayerNorm: Norm;

  constructor(config: MobileBertConfig) {
    super();
    this.dense = new Linear(config.hidden_size, config.intra_bottleneck_size);
    this.LayerNorm = normOf(config, config.intra_bottleneck_size, config.layer_norm_eps);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.LayerNorm(this.dense(hidden_states));
  }
}

class Bottleneck extends Module<[Tensor], Attended> {
  input: BottleneckLayer;
  /** Absent where queries and keys do without a bottleneck of their own. */
  attention?: BottleneckLayer;
  readonly all: boolean;

  constructor(config: MobileBertConfig) {
    super();
    this.input = new BottleneckLayer(config);
    if (config.key_query_shared_bottleneck) this.attention = new BottleneckLayer(config);
    this.all = config.use_bottleneck_attention;
  }

  forward(hidden_states: Tensor): Attended {
    const input = this.input(hidden_states);
    if (this.all) return { query: input, key: input, value: input, input };
    const shared = this.attention?.(hidden_states) ?? hidden_states;
    return { query: shared, key: shared, value: hidden_states, input };
  }
}

class MobileBertIntermediate extends Module<[Tensor], Tensor> {
  dense: Linear;
  readonly activation: string;

  constructor({ true_hidden_size, intermediate_size, activation }: MobileBertConfig) {
    super();
    this.dense = new Linear(true_hidden_size, intermediate_size);
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return F.activation(this.activation, this.dense(hidden_states));
  }
}

class FFNLayer extends Module<[Tensor], Tensor> {
  intermediate: MobileBertIntermediate;
  output: Residual;

  constructor(config: MobileBertConfig) {
    super();
    this.intermediate = new MobileBertIntermediate(config);
    this.output = new Residual(config, config.intermediate_size, config.true_hidden_size);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.output(this.intermediate(hidden_states), hidden_states);
  }
}

const PYTORCH_EPS = 1e-5;

class MobileBertOutput extends Residual {
  /** Absent where layers are as wide inside as outside. */
  bottleneck?: Residual;

  constructor(config: MobileBertConfig) {
    super(config, config.intermediate_size, config.true_hidden_size, PYTORCH_EPS);
    if (config.use_bottleneck) this.bottleneck = new Residual(config, config.true_hidden_size, config.hidden_size);
  }

  override forward(hidden_states: Tensor, input: Tensor, outside?: Tensor): Tensor {
    const output = super.forward(hidden_states, input);
    return this.bottleneck ? this.bottleneck(output, outside as Tensor) : output;
  }
}

/** Attention and feed-forward networks in a row, all of them in a bottleneck where the configuration says so. */
export class MobileBertLayer extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  attention: MobileBertAttention;
  intermediate: MobileBertIntermediate;
  output: MobileBertOutput;
  bottleneck?: Bottleneck;
  ffn: ModuleList<FFNLayer>;

  constructor(config: MobileBertConfig) {
    super();
    this.attention = new MobileBertAttention(config);
    this.intermediate = new MobileBertIntermediate(config);
    this.output = new MobileBertOutput(config);
    if (config.use_bottleneck) this.bottleneck = new Bottleneck(config);
    this.ffn = new ModuleList(Array.from({ length: config.num_feedforward_networks - 1 }, () => new FFNLayer(config)));
  }

  forward(x: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const narrow = this.bottleneck?.(x) ?? { query: x, key: x, value: x, input: x };
    let [attended, weights] = this.attention(narrow, mask, output_attentions);
    for (const network of this.ffn) attended = network(attended);
    return [this.output.forward(this.intermediate(attended), attended, x), weights];
  }
}
