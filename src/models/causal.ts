import { TraceletError } from '../base/error.ts';
import * as F from '../nn/functional.ts';
import { Linear } from '../nn/layers.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedConfig } from './config.ts';
import { type Given, type HeadOptions, ModelWithHead, WithLMHead } from './heads.ts';
import type { PreTrainedModel } from './pretrained.ts';

/** Heads of models whose tokens see none behind them, over the base model of any family. */

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). */
export abstract class ForCausalLM<Base extends PreTrainedModel> extends WithLMHead<Base> {
  static override readonly head: string = 'ForCausalLM';
  lm_head: Linear;

  /** `bias` says whether each word has a number of its own. */
  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base, bias = false) {
    super(config, options, makeBase);
    this.lm_head = new Linear(config.hidden_size, config.vocab_size, { bias });
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.lm_head(last_hidden_state) };
  }
}

/**
 * The vector of the last token of each text that is not `pad_token_id`, whatever the attention_mask says of it, and of the first where all are:
 * [batch, hidden]. Throws `value` errors for several texts where no token stands for padding.
 */
export function lastTokens({ pad_token_id }: PreTrainedConfig, hidden_states: Tensor, input_ids: Tensor): Tensor {
  const [batch] = input_ids.shape;
  if (pad_token_id === null && batch !== 1)
    throw new TraceletError('value', {
      what: 'input_ids of a model whose configuration has no pad_token_id',
      expected: 'one text, of which the last token is taken',
      got: `${batch} texts`,
      cure: 'Say which token is padding: from_pretrained(source, { pad_token_id })',
    });
  return F.last_pool(hidden_states, F.ends(input_ids, pad_token_id));
}

/** A score for every label, made of the last token that is not padding: (logits [batch, num_labels]). */
export abstract class ForLastTokenClassification<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForSequenceClassification';
  score: Linear;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.score = new Linear(config.hidden_size, config.num_labels, { bias: false });
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput, { input_ids }: Given): Record<string, Tensor> {
    return { logits: this.score(lastTokens(this.config, last_hidden_state, input_ids as Tensor)) };
  }
}

/** A score for every label at every token, made by a part called `score`: (logits [batch, sequence, num_labels]). */
export abstract class ForTokenScores<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForTokenClassification';
  score: Linear;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.score = new Linear(config.hidden_size, config.num_labels);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.score(last_hidden_state) };
  }
}
