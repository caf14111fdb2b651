import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationOf } from '../fields.ts';
import {
  ForMultipleChoice,
  ForSequenceClassification,
  ForTokenClassification,
  type Given,
  type HeadOptions,
  ModelWithHead,
  startsAndEnds,
  WithLMHead,
} from '../heads.ts';
import type { Mask } from '../layers.ts';
import type { ModernBertConfig } from './config.ts';
import { MODERNBERT } from './family.ts';
import { ModernBertModel } from './model.ts';

class ModernBertPredictionHead extends Module<[Tensor], Tensor> {
  dense: Linear;
  norm: LayerNorm;
  readonly activation: string;

  constructor({ hidden_size, classifier_bias, classifier_activation, norm_eps, norm_bias }: ModernBertConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size, { bias: classifier_bias });
    this.norm = new LayerNorm(hidden_size, { eps: norm_eps, bias: norm_bias });
    this.activation = activationOf(classifier_activation);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.norm(F.activation(this.activation, this.dense(hidden_states)));
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class ModernBertForMaskedLM extends WithLMHead<ModernBertModel> {
  static override readonly family = MODERNBERT;
  static override readonly head = 'ForMaskedLM';
  declare readonly config: ModernBertConfig;
  declare model: ModernBertModel;
  head: ModernBertPredictionHead;
  decoder: Linear;

  constructor(config: ModernBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new ModernBertModel(config));
    this.head = new ModernBertPredictionHead(config);
    this.decoder = new Linear(config.hidden_size, config.vocab_size, { bias: config.decoder_bias });
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.decoder(this.head(last_hidden_state)) };
  }
}

/** A vector of each text: its first token, or the mean of all. */
function pooled({ classifier_pooling }: ModernBertConfig, last_hidden_state: Tensor, mask: Mask): Tensor {
  return classifier_pooling === 'cls' ? F.select(last_hidden_state, 1, 0) : F.mean_pool(last_hidden_state, mask);
}

/** A score for every label: (logits [batch, num_labels]). */
export class ModernBertForSequenceClassification extends ForSequenceClassification<ModernBertModel> {
  static override readonly family = MODERNBERT;
  declare readonly config: ModernBertConfig;
  declare model: ModernBertModel;
  head: ModernBertPredictionHead;

  constructor(config: ModernBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new ModernBertModel(config));
    this.head = new ModernBertPredictionHead(config);
    this.post_init(options?.seed);
  }

  protected override summary({ last_hidden_state }: ModelOutput, { attention_mask }: Given): Tensor {
    return this.head(pooled(this.config, last_hidden_state, attention_mask));
  }
}

/**
 * A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). Choices that are scored by their first token may have padding
 * in front of it.
 */
export class ModernBertForMultipleChoice extends ForMultipleChoice<ModernBertModel> {
  static override readonly family = MODERNBERT;
  declare readonly config: ModernBertConfig;
  declare model: ModernBertModel;
  head: ModernBertPredictionHead;

  constructor(config: ModernBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new ModernBertModel(config));
    this.head = new ModernBertPredictionHead(config);
    this.post_init(options?.seed);
  }

  protected override summary({ last_hidden_state }: ModelOutput, { attention_mask: mask }: Given): Tensor {
    const { classifier_pooling } = this.config;
    const isLed = classifier_pooling === 'cls' && mask !== undefined;
    return this.head(isLed ? F.first_pool(last_hidden_state, mask) : pooled(this.config, last_hidden_state, mask));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class ModernBertForTokenClassification extends ForTokenClassification<ModernBertModel> {
  static override readonly family = MODERNBERT;
  declare readonly config: ModernBertConfig;
  declare model: ModernBertModel;
  head: ModernBertPredictionHead;

  constructor(config: ModernBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new ModernBertModel(config));
    this.head = new ModernBertPredictionHead(config);
    this.post_init(options?.seed);
  }

  protected override features({ last_hidden_state }: ModelOutput): Tensor {
    return this.head(last_hidden_state);
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class ModernBertForQuestionAnswering extends ModelWithHead<ModernBertModel> {
  static override readonly family = MODERNBERT;
  static override readonly head = 'ForQuestionAnswering';
  declare readonly config: ModernBertConfig;
  declare model: ModernBertModel;
  head: ModernBertPredictionHead;
  classifier: Linear;

  constructor(config: ModernBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new ModernBertModel(config));
    this.head = new ModernBertPredictionHead(config);
    this.classifier = new Linear(config.hidden_size, 2);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return startsAndEnds(this.classifier(this.head(last_hidden_state)));
  }
}
