import { ForCausalLM, ForLastTokenClassification, ForTokenScores } from '../causal.ts';
import { under } from '../family.ts';
import { ForQuestionAnswering, type HeadOptions } from '../heads.ts';
import type { Qwen2Config } from './config.ts';
import { QWEN2 } from './family.ts';
import { Qwen2Model } from './model.ts';

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). */
export class Qwen2ForCausalLM extends ForCausalLM<Qwen2Model> {
  static override readonly family = QWEN2;
  declare readonly config: Qwen2Config;
  declare model: Qwen2Model;

  constructor(config: Qwen2Config, options: HeadOptions = {}) {
    super(config, options, () => new Qwen2Model(config));
  }
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export class Qwen2ForSequenceClassification extends ForLastTokenClassification<Qwen2Model> {
  static override readonly family = QWEN2;
  declare readonly config: Qwen2Config;
  declare model: Qwen2Model;

  constructor(config: Qwen2Config, options: HeadOptions = {}) {
    super(config, options, () => new Qwen2Model(config));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class Qwen2ForTokenClassification extends ForTokenScores<Qwen2Model> {
  static override readonly family = QWEN2;
  declare readonly config: Qwen2Config;
  declare model: Qwen2Model;

  constructor(config: Qwen2Config, options: HeadOptions = {}) {
    super(config, options, () => new Qwen2Model(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. Its base model is called `transformer`. */
export class Qwen2ForQuestionAnswering extends ForQuestionAnswering<Qwen2Model> {
  static override readonly family = under('transformer', QWEN2);
  declare readonly config: Qwen2Config;
  declare transformer: Qwen2Model;

  constructor(config: Qwen2Config, options: HeadOptions = {}) {
    super(config, options, () => new Qwen2Model(config));
  }
}
