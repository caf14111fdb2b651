import type { ModelOutput } from '../../nn/outputs.ts';
import { modelOutput } from '../../nn/outputs.ts';
import { sizeOf, type Tensor } from '../../tensor/tensor.ts';
import { ForCausalLM } from '../causal.ts';
import type { PreTrainedConfig } from '../config.ts';
import type { HeadOptions } from '../heads.ts';
import type { ModelInputs, PreTrainedModel } from '../pretrained.ts';
import { SequenceSummary, type SummaryConfig } from '../summary.ts';

const withoutLast = (tensor: Tensor): Tensor => (tensor.shape.at(-1) === 1 ? tensor.reshape(tensor.shape.slice(0, -1)) : tensor);

/**
 * A score for every word at every position, and one for every choice: inputs are [batch, choices, sequence], with `mc_token_ids` [batch, choices], which say
 * what token scores a choice, the last one unless given. (logits [batch, choices, sequence, vocabulary], mc_logits [batch, choices]).
 */
export abstract class DoubleHeadsModel<Base extends PreTrainedModel> extends ForCausalLM<Base> {
  static override readonly head = 'DoubleHeadsModel';
  multiple_choice_head: SequenceSummary;

  constructor(config: PreTrainedConfig & SummaryConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    const { hidden_size, summary_type, summary_use_proj, summary_activation, summary_proj_to_labels } = config;
    const summary = { hidden_size, summary_type, summary_use_proj, summary_activation, summary_proj_to_labels };
    this.multiple_choice_head = new SequenceSummary({ ...summary, num_labels: 1 });
    this.post_init(options?.seed);
  }

  override get input_names(): readonly string[] {
    return [...this.family.inputs, 'mc_token_ids'];
  }

  override forward(...inputs: ModelInputs): ModelOutput {
    const given = this.taken(inputs);
    const { shape } = given[0];
    const rows = [sizeOf(shape.slice(0, -1)), shape.at(-1) as number];
    const flat = given.slice(0, this.family.inputs.length).map((input) => input?.reshape(rows));
    const { last_hidden_state: last, hidden_states, attentions } = this.base_model(...(flat as ModelInputs));
    const whole = last.reshape([...shape, last.shape[2]]);
    const logits = this.lm_head(whole);
    const mc_logits = withoutLast(this.multiple_choice_head(whole, given[this.family.inputs.length]));
    return modelOutput({ logits, mc_logits, hidden_states: hidden_states?.with(-1, whole), attentions });
  }
}
