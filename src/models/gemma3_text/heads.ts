import * as F from '../../nn/functional.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ForCausalLM, ForLastTokenClassification } from '../causal.ts';
import type { HeadOptions } from '../heads.ts';
import type { Gemma3TextConfig } from './config.ts';
import { GEMMA3 } from './family.ts';
import { Gemma3TextModel } from './model.ts';

/** A score for every word that may come next, at every position, within ±`final_logit_softcapping` where the config has it: (logits [batch, sequence, vocabulary]). */
export class Gemma3ForCausalLM extends ForCausalLM<Gemma3TextModel> {
  static override readonly family = GEMMA3;
  declare readonly config: Gemma3TextConfig;
  declare model: Gemma3TextModel;

  constructor(config: Gemma3TextConfig, options: HeadOptions = {}) {
    super(config, options, () => new Gemma3TextModel(config));
  }

  protected override answer(encoded: ModelOutput): Record<string, Tensor> {
    const { logits } = super.answer(encoded);
    const { final_logit_softcapping: most } = this.config;
    return { logits: most === null ? logits : F.scale(F.tanh(F.scale(logits, 1 / most)), most) };
  }
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export class Gemma3TextForSequenceClassification extends ForLastTokenClassification<Gemma3TextModel> {
  static override readonly family = GEMMA3;
  declare readonly config: Gemma3TextConfig;
  declare model: Gemma3TextModel;

  constructor(config: Gemma3TextConfig, options: HeadOptions = {}) {
    super(config, options, () => new Gemma3TextModel(config));
  }
}
