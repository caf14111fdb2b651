import { ModuleList } from '../../nn/containers.ts';
import * as F from '../../nn/functional.ts';
import { LayerNorm } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertEmbeddings, BertPooler } from '../bert/encoder.ts';
import { PooledModel, type PoolerOptions } from '../encoder.ts';
import { type Encoded, type Mask, runLayers } from '../layers.ts';
import type { SqueezeBertConfig } from './config.ts';
import { Convolution } from './convolution.ts';
import { SQUEEZEBERT } from './family.ts';

/** The parts below mirror `transformers/models/squeezebert/modeling_squeezebert.py`, class for class and name for name. */

/** Of layers, whatever the configuration says. */
const EPS = 1e-12;

class SqueezeBertSelfAttention extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  query: Convolution;
  key: Convolution;
  value: Convolution;
  readonly heads: number;

  constructor({ hidden_size, num_attention_heads, q_groups, k_groups, v_groups }: SqueezeBertConfig) {
    super();
    this.query = new Convolution(hidden_size, hidden_size, q_groups);
    this.key = new Convolution(hidden_size, hidden_size, k_groups);
    this.value = new Convolution(hidden_size, hidden_size, v_groups);
    this.heads = num_attention_heads;
  }

  /** What each token gathers, and the scores that it weighs by, not their softmax. */
  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [q, k, v] = [this.query(hidden_states), this.key(hidden_states), this.value(hidden_states)];
    const options = { mask, heads: this.heads };
    return [F.attention(q, k, v, options), output_attentions ? F.attention_scores(q, k, options) : undefined];
  }
}

class ConvDropoutLayerNorm extends Module<[Tensor, Tensor], Tensor> {
  conv1d: Convolution;
  layernorm: LayerNorm;

  constructor(cin: number, cout: number, groups: number) {
    super();
    this.conv1d = new Convolution(cin, cout, groups);
    this.layernorm = new LayerNorm(cout, { eps: EPS });
  }

  forward(hidden_states: Tensor, input: Tensor): Tensor {
    return this.layernorm(F.add(this.conv1d(hidden_states), input));
  }
}

class ConvActivation extends Module<[Tensor], Tensor> {
  conv1d: Convolution;
  readonly activation: string;

  constructor({ hidden_size, intermediate_size, intermediate_groups, activation }: SqueezeBertConfig) {
    super();
    this.conv1d = new Convolution(hidden_size, intermediate_size, intermediate_groups);
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return F.activation(this.activation, this.conv1d(hidden_states));
  }
}

class SqueezeBertModule extends Module<[Tensor, Mask, boolean], [Tensor, Tensor?]> {
  attention: SqueezeBertSelfAttention;
  post_attention: ConvDropoutLayerNorm;
  intermediate: ConvActivation;
  output: ConvDropoutLayerNorm;

  constructor(config: SqueezeBertConfig) {
    super();
    const { hidden_size, intermediate_size, post_attention_groups, output_groups } = config;
    this.attention = new SqueezeBertSelfAttention(config);
    this.post_attention = new ConvDropoutLayerNorm(hidden_size, hidden_size, post_attention_groups);
    this.intermediate = new ConvActivation(config);
    this.output = new ConvDropoutLayerNorm(intermediate_size, hidden_size, output_groups);
  }

  forward(hidden_states: Tensor, mask: Mask, output_attentions: boolean): [Tensor, Tensor?] {
    const [context, scores] = this.attention(hidden_states, mask, output_attentions);
    const attended = this.post_attention(context, hidden_states);
    return [this.output(this.intermediate(attended), attended), scores];
  }
}

class SqueezeBertEncoder extends Module<[Tensor, Mask, boolean], Encoded> {
  layers: ModuleList<SqueezeBertModule>;

  constructor(config: SqueezeBertConfig) {
    super();
    this.layers = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new SqueezeBertModule(config)));
  }

  forward(embeddings: Tensor, mask: Mask, output_attentions: boolean): Encoded {
    return runLayers(this.layers, embeddings, mask, output_attentions);
  }
}

/**
 * The bare encoder, as `transformers.SqueezeBertModel`: products are convolutions in groups. Answers (last_hidden_state [batch, sequence, hidden],
 * pooler_output [batch, hidden]), followed by hidden_states and attentions where the config asks for them. Attentions are scores of which
 * attention takes the softmax, the lowest float32 where keys are left out.
 */
export class SqueezeBertModel extends PooledModel {
  static override readonly family = SQUEEZEBERT;
  static override readonly head = 'Model';
  declare readonly config: SqueezeBertConfig;
  embeddings: BertEmbeddings;
  encoder: SqueezeBertEncoder;
  pooler: BertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: SqueezeBertConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new BertEmbeddings(config, config.hidden_size);
    this.encoder = new SqueezeBertEncoder(config);
    this.pooler = options?.add_pooling_layer === false ? null : new BertPooler(config);
    this.post_init(options?.seed);
  }
}
