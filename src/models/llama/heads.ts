import { ForCausalLM, ForLastTokenClassification, ForTokenScores } from '../causal.ts';
import { under } from '../family.ts';
import { ForQuestionAnswering, type HeadOptions } from '../heads.ts';
import type { LlamaConfig } from './config.ts';
import { LLAMA } from './family.ts';
import { LlamaModel } from './model.ts';

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). */
export class LlamaForCausalLM extends ForCausalLM<LlamaModel> {
  static override readonly family = LLAMA;
  declare readonly config: LlamaConfig;
  declare model: LlamaModel;

  constructor(config: LlamaConfig, options: HeadOptions = {}) {
    super(config, options, () => new LlamaModel(config));
  }
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export class LlamaForSequenceClassification extends ForLastTokenClassification<LlamaModel> {
  static override readonly family = LLAMA;
  declare readonly config: LlamaConfig;
  declare model: LlamaModel;

  constructor(config: LlamaConfig, options: HeadOptions = {}) {
    super(config, options, () => new LlamaModel(config));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class LlamaForTokenClassification extends ForTokenScores<LlamaModel> {
  static override readonly family = LLAMA;
  declare readonly config: LlamaConfig;
  declare model: LlamaModel;

  constructor(config: LlamaConfig, options: HeadOptions = {}) {
    super(config, options, () => new LlamaModel(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. Its base model is called `transformer`. */
export class LlamaForQuestionAnswering extends ForQuestionAnswering<LlamaModel> {
  static override readonly family = under('transformer', LLAMA);
  declare readonly config: LlamaConfig;
  declare transformer: LlamaModel;

  constructor(config: LlamaConfig, options: HeadOptions = {}) {
    super(config, options, () => new LlamaModel(config));
  }
}
