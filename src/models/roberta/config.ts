import { COUNT, core, idle, orNull, other, SIZE, TOKENS } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { activationOf, DECODER, type FamilyFields } from '../fields.ts';

type TokenIds = number | readonly number[] | null;

const FIELDS = {
  ...BERT_FIELDS.fields,
  ...DECODER,
  vocab_size: core(50265, SIZE),
  pad_token_id: core(1, COUNT),
  bos_token_id: idle(other<TokenIds>(0, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other<TokenIds>(2, orNull(TOKENS)), 'silent'),
};

/** What a RoBERTa says of its configuration. */
export const ROBERTA_FIELDS: FamilyFields<typeof FIELDS> = { ...BERT_FIELDS, model_type: 'roberta', fields: FIELDS };

/** What a {@link RobertaConfig} is made from: any of its fields. */
export type RobertaConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a RoBERTa, as `transformers.RobertaConfig`. */
export class RobertaConfig extends configOf(ROBERTA_FIELDS) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }

  /** Positions up to that of padding are none of a token's. */
  override most_tokens(): number {
    return this.max_position_embeddings - this.pad_token_id - 1;
  }
}
