import * as F from '../../nn/functional.ts';
import { Linear } from '../../nn/layers.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ForTokenClassification, type Given, type HeadOptions, ModelWithHead, WithLMHead } from '../heads.ts';
import type { EuroBertConfig } from './config.ts';
import { EUROBERT } from './family.ts';
import { EuroBertModel } from './model.ts';

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class EuroBertForMaskedLM extends WithLMHead<EuroBertModel> {
  static override readonly family = EUROBERT;
  static override readonly head = 'ForMaskedLM';
  declare readonly config: EuroBertConfig;
  declare model: EuroBertModel;
  lm_head: Linear;

  constructor(config: EuroBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new EuroBertModel(config));
    this.lm_head = new Linear(config.hidden_size, config.vocab_size, { bias: config.mlp_bias });
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.lm_head(last_hidden_state) };
  }
}

/** A score for every label: (logits [batch, num_labels]), of the first token, of the mean of all, or the mean of the scores of each. */
export class EuroBertForSequenceClassification extends ModelWithHead<EuroBertModel> {
  static override readonly family = EUROBERT;
  static override readonly head = 'ForSequenceClassification';
  declare readonly config: EuroBertConfig;
  declare model: EuroBertModel;
  dense: Linear;
  classifier: Linear;

  constructor(config: EuroBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new EuroBertModel(config));
    this.dense = new Linear(config.hidden_size, config.hidden_size);
    this.classifier = new Linear(config.hidden_size, config.num_labels);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput, { attention_mask: mask }: Given): Record<string, Tensor> {
    const scores = (x: Tensor): Tensor => this.classifier(F.gelu(this.dense(x)));
    const { classifier_pooling } = this.config;
    if (classifier_pooling === 'bos') return { logits: scores(F.select(last_hidden_state, 1, 0)) };
    if (classifier_pooling === 'mean') return { logits: scores(F.mean_pool(last_hidden_state, mask)) };
    return { logits: F.mean_pool(scores(last_hidden_state), mask) };
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class EuroBertForTokenClassification extends ForTokenClassification<EuroBertModel> {
  static override readonly family = EUROBERT;
  declare readonly config: EuroBertConfig;
  declare model: EuroBertModel;

  constructor(config: EuroBertConfig, options: HeadOptions = {}) {
    super(config, options, () => new EuroBertModel(config));
  }
}
