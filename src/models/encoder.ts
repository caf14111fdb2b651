import { FLAG } from '../base/schema.ts';
import * as F from '../nn/functional.ts';
import { type ModelOutput, modelOutput } from '../nn/outputs.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkIds, fitPositions } from './inputs.ts';
import type { Encoded, Mask } from './layers.ts';
import { type ModelInputs, PreTrainedModel } from './pretrained.ts';

/** Options of base models that may do without their pooler. */
export interface PoolerOptions {
  seed?: number;
  add_pooling_layer?: boolean;
}

/** What each of {@link PoolerOptions} may be. */
export const WITH_POOLER = { ...PreTrainedModel.OPTIONS, add_pooling_layer: FLAG };

/** What a token is, each [batch, sequence]. */
export interface Tokens<Types extends Tensor | undefined = Tensor> {
  input_ids: Tensor;
  token_type_ids: Types;
  position_ids: Tensor;
}

/** A base model of embeddings, an encoder and, where it has one, a pooler. */
export abstract class EncoderModel<Types extends Tensor | undefined = Tensor> extends PreTrainedModel {
  /** The embeddings of tokens, and what each layer makes of them. */
  protected abstract encoded(tokens: Tokens<Types>, mask: Mask): Encoded;

  /** A vector of each text, if the model makes one. */
  protected pooled(_last_hidden_state: Tensor): Tensor | undefined {
    return undefined;
  }

  /** Types of tokens for which none are given. */
  protected typesOf(input_ids: Tensor): Types {
    return (this.family.wordTypes ? undefined : F.filled(input_ids, 0)) as Types;
  }

  /** Positions of tokens for which none are given. */
  protected positionsOf(input_ids: Tensor): Tensor {
    return F.positions(input_ids);
  }

  forward(...inputs: ModelInputs): ModelOutput {
    const taken = this.taken(inputs);
    const [input_ids] = taken;
    const given: Record<string, Tensor | undefined> = Object.fromEntries(this.input_names.map((name, i) => [name, taken[i]]));
    const { attention_mask, token_type_ids, position_ids } = given;
    checkIds(input_ids, { token_type_ids, attention_mask }, this.config);
    const tokens = {
      input_ids,
      token_type_ids: (token_type_ids as Types) ?? this.typesOf(input_ids),
      position_ids: position_ids ? fitPositions(position_ids, input_ids.shape) : this.positionsOf(input_ids),
    };
    const { hidden_states, attentions } = this.encoded(tokens, attention_mask);
    const last_hidden_state = hidden_states[hidden_states.length - 1];
    return modelOutput({
      last_hidden_state,
      pooler_output: this.pooled(last_hidden_state),
      hidden_states: this.config.output_hidden_states ? hidden_states : undefined,
      attentions: this.config.output_attentions ? attentions : undefined,
    });
  }
}
