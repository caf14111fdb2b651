import {
  core,
  DEVIATION,
  FLAG,
  idle,
  LAYER_COUNT,
  nullAs,
  oneOf,
  orNull,
  other,
  POSITIVE,
  PROBABILITY,
  SIZE,
  WHOLE,
} from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, activationOf, DECODER, type FamilyFields } from '../fields.ts';

const FIELDS = {
  vocab_size: core(30522, SIZE),
  hidden_size: core(768, SIZE),
  num_hidden_layers: core(12, LAYER_COUNT),
  num_attention_heads: core(12, SIZE),
  intermediate_size: core(3072, SIZE),
  hidden_act: core('gelu', ACTIVATION),
  hidden_dropout_prob: idle(core(0.1, PROBABILITY), 'told'),
  attention_probs_dropout_prob: idle(core(0.1, PROBABILITY), 'told'),
  max_position_embeddings: core(512, SIZE),
  type_vocab_size: core(2, SIZE),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  layer_norm_eps: core(1e-12, POSITIVE),
  pad_token_id: core<number | null>(0, orNull(WHOLE)),
  position_embedding_type: other('absolute', nullAs('absolute', oneOf(['absolute'], 'Only the plain BERT of `transformers` runs here'))),
  classifier_dropout: idle(other<number | null>(null, orNull(PROBABILITY)), 'told'),
  use_cache: idle(other(true, FLAG), 'silent'),
};

const names = Object.keys(FIELDS);

/** What a BERT says of its configuration, and most families that have its encoder, but what makes it a decoder. */
export const BERT_FIELDS: FamilyFields<typeof FIELDS> = {
  model_type: 'bert',
  fields: FIELDS,
  aliases: {},
  positional: names.slice(0, names.indexOf('layer_norm_eps') + 1),
  matrices: [
    ['vocab_size', 'hidden_size'],
    ['max_position_embeddings', 'hidden_size'],
    ['type_vocab_size', 'hidden_size'],
    ['hidden_size', 'hidden_size'],
    ['intermediate_size', 'hidden_size'],
    ['num_labels', 'hidden_size'],
  ],
  sizes: ['num_hidden_layers', 'hidden_size', 'intermediate_size', 'vocab_size', 'max_position_embeddings', 'type_vocab_size'],
  weights({ num_hidden_layers, hidden_size, intermediate_size, vocab_size, max_position_embeddings, type_vocab_size }) {
    const rows = vocab_size + max_position_embeddings + type_vocab_size;
    return hidden_size * (rows + num_hidden_layers * (4 * hidden_size + 2 * intermediate_size));
  },
};

const fields = { ...FIELDS, ...DECODER };

/** What a {@link BertConfig} is made from: any of its fields. */
export type BertConfigOptions = ConfigOptions<typeof fields>;

/** The shape of a BERT, as `transformers.BertConfig`. */
export class BertConfig extends configOf({ ...BERT_FIELDS, fields }) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }
}
