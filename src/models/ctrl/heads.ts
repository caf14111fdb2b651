import { Linear } from '../../nn/layers.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ForCausalLM, lastTokens } from '../causal.ts';
import { type Given, type HeadOptions, ModelWithHead } from '../heads.ts';
import type { CTRLConfig } from './config.ts';
import { CTRL } from './family.ts';
import { CTRLModel } from './model.ts';

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). */
export class CTRLLMHeadModel extends ForCausalLM<CTRLModel> {
  static override readonly family = CTRL;
  declare readonly config: CTRLConfig;
  declare transformer: CTRLModel;

  constructor(config: CTRLConfig, options: HeadOptions = {}) {
    super(config, options, () => new CTRLModel(config), true);
  }
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export class CTRLForSequenceClassification extends ModelWithHead<CTRLModel> {
  static override readonly family = CTRL;
  static override readonly head = 'ForSequenceClassification';
  declare readonly config: CTRLConfig;
  declare transformer: CTRLModel;
  classifier: Linear;

  constructor(config: CTRLConfig, options: HeadOptions = {}) {
    super(config, options, () => new CTRLModel(config));
    this.classifier = new Linear(config.n_embd, config.num_labels, { bias: false });
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput, { input_ids }: Given): Record<string, Tensor> {
    return { logits: this.classifier(lastTokens(this.config, last_hidden_state, input_ids as Tensor)) };
  }
}
