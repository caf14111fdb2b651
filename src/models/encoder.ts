import { TraceletError } from '../base/error.ts';
import { FLAG } from '../base/schema.ts';
import * as F from '../nn/functional.ts';
import type { Module } from '../nn/module.ts';
import { type ModelOutput, modelOutput } from '../nn/outputs.ts';
import { type Shape, sameShape, type Tensor } from '../tensor/tensor.ts';
import type { Given } from './heads.ts';
import { checkIds, ENCODER_INPUTS, fitPositions } from './inputs.ts';
import type { Encoded, Mask, Source } from './layers.ts';
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

/** A base model: hidden states of what it is given, and a vector of each text where it makes one. */
export abstract class BaseModel extends PreTrainedModel {
  /** The embeddings of the inputs of a call, and what each layer makes of them. */
  protected abstract states(input_ids: Tensor, given: Given): Encoded;

  /** A vector of each text, if the model makes one. */
  protected pooled(_last_hidden_state: Tensor): Tensor | undefined {
    return undefined;
  }

  forward(...inputs: ModelInputs): ModelOutput {
    const taken = this.taken(inputs);
    const given: Given = Object.fromEntries(this.input_names.map((name, i) => [name, taken[i]]));
    const { hidden_states, attentions, cross_attentions = [], beside } = this.states(taken[0], given);
    const last_hidden_state = hidden_states[hidden_states.length - 1];
    return modelOutput({
      last_hidden_state,
      pooler_output: this.pooled(last_hidden_state),
      ...beside,
      hidden_states: this.config.output_hidden_states ? hidden_states : undefined,
      attentions: this.config.output_attentions ? attentions : undefined,
      cross_attentions: cross_attentions.length > 0 ? cross_attentions : undefined,
    });
  }
}

const [STATES, STATES_MASK] = ENCODER_INPUTS;

/** What a decoder is given to attend to, if anything: vectors as wide as its own. Throws `shape` errors, and `value` errors for a mask of nothing. */
function sourceOf({ [STATES]: hidden_states, [STATES_MASK]: mask }: Given, [batch, width]: Shape): Source | undefined {
  const [rows, keys, columns] = hidden_states?.shape ?? [];
  if (hidden_states && (hidden_states.shape.length !== 3 || rows !== batch || columns !== width || keys === 0))
    throw new TraceletError('shape', { what: STATES, expected: `[${batch}, any length, ${width}]`, got: `[${hidden_states.shape}]` });
  if (mask && !hidden_states) throw new TraceletError('value', { what: STATES, expected: `a tensor, as ${STATES_MASK}`, got: 'none' });
  if (mask && !sameShape(mask.shape, [batch, keys]))
    throw new TraceletError('shape', { what: STATES_MASK, expected: `[${batch}, ${keys}], as ${STATES}`, got: `[${mask.shape}]` });
  return hidden_states && { hidden_states, mask };
}

/** A base model of embeddings, an encoder and, where it has one, a pooler. */
export abstract class EncoderModel<Types extends Tensor | undefined = Tensor> extends BaseModel {
  /** The embeddings of tokens, and what each layer makes of them. */
  protected abstract encoded(tokens: Tokens<Types>, mask: Mask, source?: Source): Encoded;

  /** Types of tokens for which none are given. */
  protected typesOf(input_ids: Tensor): Types {
    return (this.family.wordTypes ? undefined : F.filled(input_ids, 0)) as Types;
  }

  /** Positions of tokens for which none are given. */
  protected positionsOf(input_ids: Tensor): Tensor {
    return F.positions(input_ids);
  }

  protected states(input_ids: Tensor, given: Given): Encoded {
    const { attention_mask, token_type_ids, position_ids } = given;
    checkIds(input_ids, { token_type_ids, attention_mask }, this.config);
    const tokens = {
      input_ids,
      token_type_ids: (token_type_ids as Types) ?? this.typesOf(input_ids),
      position_ids: position_ids ? fitPositions(position_ids, input_ids.shape) : this.positionsOf(input_ids),
    };
    return this.encoded(tokens, attention_mask, sourceOf(given, [input_ids.shape[0], this.config.hidden_size]));
  }
}

/** A base model with the parts of BERT's. */
export abstract class PooledModel extends EncoderModel {
  static override readonly OPTIONS = WITH_POOLER;
  abstract embeddings: Module<[words: Tensor, types: Tensor, positions: Tensor], Tensor>;
  abstract encoder: Module<[embeddings: Tensor, mask: Mask, output_attentions: boolean, source?: Source], Encoded>;
  /** Absent where an option of the constructor says so. */
  abstract pooler: Module<[Tensor], Tensor> | null;

  protected encoded({ input_ids, token_type_ids, position_ids }: Tokens, mask: Mask, source?: Source): Encoded {
    return this.encoder(this.embeddings(input_ids, token_type_ids, position_ids), mask, this.config.output_attentions, source);
  }

  protected override pooled(last_hidden_state: Tensor): Tensor | undefined {
    return this.pooler?.(last_hidden_state);
  }
}
