import { COUNT, core, idle, oneOf, orNull, other, PROBABILITY, SIZE, WHOLE } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import type { FamilyFields } from '../fields.ts';
import { ropeFields } from '../rotary.ts';

const FIELDS = {
  ...BERT_FIELDS.fields,
  vocab_size: core(250048, SIZE),
  attention_probs_dropout_prob: idle(core(0, PROBABILITY), 'told'),
  max_position_embeddings: core(8192, SIZE),
  type_vocab_size: core(1, COUNT),
  pad_token_id: core<number | null>(1, orNull(WHOLE)),
  position_embedding_type: other('rope', oneOf(['absolute', 'rope'])),
  ...ropeFields(160_000),
};

const GTE: FamilyFields<typeof FIELDS> = {
  ...BERT_FIELDS,
  model_type: 'gte',
  fields: FIELDS,
  matrices: BERT_FIELDS.matrices.filter(([rows]) => !['max_position_embeddings', 'type_vocab_size'].includes(rows)),
  weights: ({ num_hidden_layers, hidden_size, intermediate_size, vocab_size }) =>
    hidden_size * (vocab_size + num_hidden_layers * (4 * hidden_size + 3 * intermediate_size)),
};

/** What a {@link GteConfig} is made from: any of its fields. */
export type GteConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a GTE, as `transformers.GteConfig`. */
export class GteConfig extends configOf(GTE) {}
