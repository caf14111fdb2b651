import { ForCausalLM, ForLastTokenClassification } from '../causal.ts';
import { ForQuestionAnswering, ForTokenClassification, type HeadOptions } from '../heads.ts';
import type { GPT2Config } from './config.ts';
import { DoubleHeadsModel } from './doubleheads.ts';
import { GPT2 } from './family.ts';
import { GPT2Model } from './model.ts';

const base = (config: GPT2Config) => (): GPT2Model => new GPT2Model(config);

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). */
export class GPT2LMHeadModel extends ForCausalLM<GPT2Model> {
  static override readonly family = GPT2;
  declare readonly config: GPT2Config;
  declare transformer: GPT2Model;

  constructor(config: GPT2Config, options: HeadOptions = {}) {
    super(config, options, base(config));
  }
}

/** Scores of words and of choices: (logits [batch, choices, sequence, vocabulary], mc_logits [batch, choices]). */
export class GPT2DoubleHeadsModel extends DoubleHeadsModel<GPT2Model> {
  static override readonly family = GPT2;
  declare readonly config: GPT2Config;
  declare transformer: GPT2Model;

  constructor(config: GPT2Config, options: HeadOptions = {}) {
    super(config, options, base(config));
  }
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export class GPT2ForSequenceClassification extends ForLastTokenClassification<GPT2Model> {
  static override readonly family = GPT2;
  declare readonly config: GPT2Config;
  declare transformer: GPT2Model;

  constructor(config: GPT2Config, options: HeadOptions = {}) {
    super(config, options, base(config));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class GPT2ForTokenClassification extends ForTokenClassification<GPT2Model> {
  static override readonly family = GPT2;
  declare readonly config: GPT2Config;
  declare transformer: GPT2Model;

  constructor(config: GPT2Config, options: HeadOptions = {}) {
    super(config, options, base(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class GPT2ForQuestionAnswering extends ForQuestionAnswering<GPT2Model> {
  static override readonly family = GPT2;
  declare readonly config: GPT2Config;
  declare transformer: GPT2Model;

  constructor(config: GPT2Config, options: HeadOptions = {}) {
    super(config, options, base(config));
  }
}
