import { ForCausalLM, ForLastTokenClassification, ForTokenScores } from '../causal.ts';
import { under } from '../family.ts';
import { ForQuestionAnswering, type HeadOptions } from '../heads.ts';
import type { Qwen3Config } from './config.ts';
import { QWEN3 } from './family.ts';
import { Qwen3Model } from './model.ts';

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). */
export class Qwen3ForCausalLM extends ForCausalLM<Qwen3Model> {
  static override readonly family = QWEN3;
  declare readonly config: Qwen3Config;
  declare model: Qwen3Model;

  constructor(config: Qwen3Config, options: HeadOptions = {}) {
    super(config, options, () => new Qwen3Model(config));
  }
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export class Qwen3ForSequenceClassification extends ForLastTokenClassification<Qwen3Model> {
  static override readonly family = QWEN3;
  declare readonly config: Qwen3Config;
  declare model: Qwen3Model;

  constructor(config: Qwen3Config, options: HeadOptions = {}) {
    super(config, options, () => new Qwen3Model(config));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class Qwen3ForTokenClassification extends ForTokenScores<Qwen3Model> {
  static override readonly family = QWEN3;
  declare readonly config: Qwen3Config;
  declare model: Qwen3Model;

  constructor(config: Qwen3Config, options: HeadOptions = {}) {
    super(config, options, () => new Qwen3Model(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. Its base model is called `transformer`. */
export class Qwen3ForQuestionAnswering extends ForQuestionAnswering<Qwen3Model> {
  static override readonly family = under('transformer', QWEN3);
  declare readonly config: Qwen3Config;
  declare transformer: Qwen3Model;

  constructor(config: Qwen3Config, options: HeadOptions = {}) {
    super(config, options, () => new Qwen3Model(config));
  }
}
