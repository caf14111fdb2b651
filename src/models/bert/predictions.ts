import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PreTrainedConfig } from '../config.ts';
import { type HeadOptions, ModelWithHead, WithLMHead } from '../heads.ts';
import type { PreTrainedModel } from '../pretrained.ts';

/** Heads of words and of next sentences, as BERT was pre-trained with. Other families have them too, under the same names. */

/** A module that makes one tensor of another. */
type Step = Module<[Tensor], Tensor>;

/** dense, the activation of the configuration, and layer norm; as wide as `width` says. */
export class BertPredictionHeadTransform extends Module<[Tensor], Tensor> {
  dense: Linear;
  LayerNorm: LayerNorm;
  readonly activation: string;

  constructor(sizes: { hidden_size: number; layer_norm_eps: number; activation: string }, width = sizes.hidden_size) {
    super();
    const { hidden_size, layer_norm_eps, activation } = sizes;
    this.dense = new Linear(hidden_size, width);
    this.LayerNorm = new LayerNorm(width, { eps: layer_norm_eps });
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return this.LayerNorm(F.activation(this.activation, this.dense(hidden_states)));
  }
}

/** A score for every word, of what `transform` makes of each token. */
export class BertLMPredictionHead<Transform extends Step = Step> extends Module<[Tensor], Tensor> {
  transform: Transform;
  decoder: Linear;
  bias: Parameter;

  constructor({ hidden_size, vocab_size }: { hidden_size: number; vocab_size: number }, transform: Transform) {
    super();
    this.transform = transform;
    this.decoder = new Linear(hidden_size, vocab_size, { bias: false });
    this.bias = new Parameter([vocab_size], (values) => values.fill(0));
  }

  forward(hidden_states: Tensor): Tensor {
    return F.linear(this.transform(hidden_states), this.decoder.weight, this.bias);
  }
}

/** What scores words, where there is no other head beside it. */
export class OnlyMLMHead<Predictions extends Step> extends Module<[Tensor], Tensor> {
  predictions: Predictions;

  constructor(predictions: Predictions) {
    super();
    this.predictions = predictions;
  }

  forward(sequence_output: Tensor): Tensor {
    return this.predictions(sequence_output);
  }
}

class OnlyNSPHead extends Module<[Tensor], Tensor> {
  seq_relationship: Linear;

  constructor({ hidden_size }: PreTrainedConfig) {
    super();
    this.seq_relationship = new Linear(hidden_size, 2);
  }

  forward(pooled_output: Tensor): Tensor {
    return this.seq_relationship(pooled_output);
  }
}

class PreTrainingHeads<Predictions extends Step> extends Module<[Tensor, Tensor], [Tensor, Tensor]> {
  predictions: Predictions;
  seq_relationship: Linear;

  constructor({ hidden_size }: PreTrainedConfig, predictions: Predictions) {
    super();
    this.predictions = predictions;
    this.seq_relationship = new Linear(hidden_size, 2);
  }

  forward(sequence_output: Tensor, pooled_output: Tensor): [Tensor, Tensor] {
    return [this.predictions(sequence_output), this.seq_relationship(pooled_output)];
  }
}

/** Masked words and next sentence at once: (prediction_logits [batch, sequence, vocabulary], seq_relationship_logits [batch, 2]). */
export abstract class ForWordsAndNextSentence<Base extends PreTrainedModel, Predictions extends Step> extends WithLMHead<Base> {
  static override readonly head: string = 'ForPreTraining';
  cls: PreTrainingHeads<Predictions>;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base, predictions: () => Predictions) {
    super(config, options, makeBase);
    this.cls = new PreTrainingHeads(config, predictions());
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state, pooler_output }: ModelOutput): Record<string, Tensor> {
    const [prediction_logits, seq_relationship_logits] = this.cls(last_hidden_state, pooler_output);
    return { prediction_logits, seq_relationship_logits };
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export abstract class ForWords<Base extends PreTrainedModel, Predictions extends Step> extends WithLMHead<Base> {
  static override readonly head: string = 'ForMaskedLM';
  cls: OnlyMLMHead<Predictions>;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base, predictions: () => Predictions) {
    super(config, options, makeBase);
    this.cls = new OnlyMLMHead(predictions());
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.cls(last_hidden_state) };
  }
}

/** Whether the second sentence follows the first: (logits [batch, 2], "follows" first). */
export abstract class ForNextSentence<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForNextSentencePrediction';
  cls: OnlyNSPHead;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.cls = new OnlyNSPHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ pooler_output }: ModelOutput): Record<string, Tensor> {
    return { logits: this.cls(pooler_output) };
  }
}
