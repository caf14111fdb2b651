import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationOf } from '../fields.ts';
import {
  ForMultipleChoice,
  ForQuestionAnswering,
  ForSequenceClassification,
  ForTokenClassification,
  type HeadOptions,
  WithLMHead,
} from '../heads.ts';
import type { DistilBertConfig } from './config.ts';
import { DISTILBERT } from './family.ts';
import { DistilBertModel } from './model.ts';

/** What the heads of whole texts make of the first token. */
const pooled = (pre_classifier: Linear, last_hidden_state: Tensor): Tensor => F.relu(pre_classifier(F.select(last_hidden_state, 1, 0)));

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class DistilBertForMaskedLM extends WithLMHead<DistilBertModel> {
  static override readonly family = DISTILBERT;
  static override readonly head = 'ForMaskedLM';
  declare readonly config: DistilBertConfig;
  declare distilbert: DistilBertModel;
  vocab_transform: Linear;
  vocab_layer_norm: LayerNorm;
  vocab_projector: Linear;

  constructor(config: DistilBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new DistilBertModel(config));
    this.vocab_transform = new Linear(config.dim, config.dim);
    this.vocab_layer_norm = new LayerNorm(config.dim, { eps: 1e-12 });
    this.vocab_projector = new Linear(config.dim, config.vocab_size);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    const transformed = F.activation(activationOf(this.config.activation), this.vocab_transform(last_hidden_state));
    return { logits: this.vocab_projector(this.vocab_layer_norm(transformed)) };
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class DistilBertForSequenceClassification extends ForSequenceClassification<DistilBertModel> {
  static override readonly family = DISTILBERT;
  declare readonly config: DistilBertConfig;
  declare distilbert: DistilBertModel;
  pre_classifier: Linear;

  constructor(config: DistilBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new DistilBertModel(config));
    this.pre_classifier = new Linear(config.dim, config.dim);
    this.post_init(options?.seed);
  }

  protected override summary({ last_hidden_state }: ModelOutput): Tensor {
    return pooled(this.pre_classifier, last_hidden_state);
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class DistilBertForMultipleChoice extends ForMultipleChoice<DistilBertModel> {
  static override readonly family = DISTILBERT;
  declare readonly config: DistilBertConfig;
  declare distilbert: DistilBertModel;
  pre_classifier: Linear;

  constructor(config: DistilBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new DistilBertModel(config));
    this.pre_classifier = new Linear(config.dim, config.dim);
    this.post_init(options?.seed);
  }

  protected override summary({ last_hidden_state }: ModelOutput): Tensor {
    return pooled(this.pre_classifier, last_hidden_state);
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class DistilBertForTokenClassification extends ForTokenClassification<DistilBertModel> {
  static override readonly family = DISTILBERT;
  declare readonly config: DistilBertConfig;
  declare distilbert: DistilBertModel;

  constructor(config: DistilBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new DistilBertModel(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class DistilBertForQuestionAnswering extends ForQuestionAnswering<DistilBertModel> {
  static override readonly family = DISTILBERT;
  declare readonly config: DistilBertConfig;
  declare distilbert: DistilBertModel;

  constructor(config: DistilBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new DistilBertModel(config));
  }
}
