import { ForCausalLM, ForLastTokenClassification } from '../causal.ts';
import { DoubleHeadsModel } from '../gpt2/doubleheads.ts';
import type { HeadOptions } from '../heads.ts';
import type { OpenAIGPTConfig } from './config.ts';
import { OPENAI_GPT } from './family.ts';
import { OpenAIGPTModel } from './model.ts';

const base = (config: OpenAIGPTConfig) => (): OpenAIGPTModel => new OpenAIGPTModel(config);

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). */
export class OpenAIGPTLMHeadModel extends ForCausalLM<OpenAIGPTModel> {
  static override readonly family = OPENAI_GPT;
  declare readonly config: OpenAIGPTConfig;
  declare transformer: OpenAIGPTModel;

  constructor(config: OpenAIGPTConfig, options: HeadOptions = {}) {
    super(config, options, base(config));
  }
}

/** Scores of words and of choices: (logits [batch, choices, sequence, vocabulary], mc_logits [batch, choices]). */
export class OpenAIGPTDoubleHeadsModel extends DoubleHeadsModel<OpenAIGPTModel> {
  static override readonly family = OPENAI_GPT;
  declare readonly config: OpenAIGPTConfig;
  declare transformer: OpenAIGPTModel;

  constructor(config: OpenAIGPTConfig, options: HeadOptions = {}) {
    super(config, options, base(config));
  }
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export class OpenAIGPTForSequenceClassification extends ForLastTokenClassification<OpenAIGPTModel> {
  static override readonly family = OPENAI_GPT;
  declare readonly config: OpenAIGPTConfig;
  declare transformer: OpenAIGPTModel;

  constructor(config: OpenAIGPTConfig, options: HeadOptions = {}) {
    super(config, options, base(config));
  }
}
