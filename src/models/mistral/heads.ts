import { ForCausalLM, ForLastTokenClassification, ForTokenScores } from '../causal.ts';
import { ForQuestionAnswering, type HeadOptions } from '../heads.ts';
import type { MistralConfig } from './config.ts';
import { MISTRAL } from './family.ts';
import { MistralModel } from './model.ts';

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). */
export class MistralForCausalLM extends ForCausalLM<MistralModel> {
  static override readonly family = MISTRAL;
  declare readonly config: MistralConfig;
  declare model: MistralModel;

  constructor(config: MistralConfig, options: HeadOptions = {}) {
    super(config, options, () => new MistralModel(config));
  }
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export class MistralForSequenceClassification extends ForLastTokenClassification<MistralModel> {
  static override readonly family = MISTRAL;
  declare readonly config: MistralConfig;
  declare model: MistralModel;

  constructor(config: MistralConfig, options: HeadOptions = {}) {
    super(config, options, () => new MistralModel(config));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class MistralForTokenClassification extends ForTokenScores<MistralModel> {
  static override readonly family = MISTRAL;
  declare readonly config: MistralConfig;
  declare model: MistralModel;

  constructor(config: MistralConfig, options: HeadOptions = {}) {
    super(config, options, () => new MistralModel(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class MistralForQuestionAnswering extends ForQuestionAnswering<MistralModel> {
  static override readonly family = MISTRAL;
  declare readonly config: MistralConfig;
  declare model: MistralModel;

  constructor(config: MistralConfig, options: HeadOptions = {}) {
    super(config, options, () => new MistralModel(config));
  }
}
