import { core, SIZE } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { activationOf, DECODER, type FamilyFields } from '../fields.ts';
import { SUMMARY_FIELDS, SUMMARY_LAST_DROPOUT } from '../summary.ts';

const { summary_type, summary_use_proj, summary_activation } = SUMMARY_FIELDS;

const FIELDS = {
  ...BERT_FIELDS.fields,
  ...DECODER,
  embedding_size: core(128, SIZE),
  hidden_size: core(256, SIZE),
  num_attention_heads: core(4, SIZE),
  intermediate_size: core(1024, SIZE),
  summary_type,
  summary_use_proj,
  summary_activation: { ...summary_activation, default: 'gelu' as string | null },
  summary_last_dropout: SUMMARY_LAST_DROPOUT,
};

const ELECTRA: FamilyFields<typeof FIELDS> = {
  ...BERT_FIELDS,
  model_type: 'electra',
  fields: FIELDS,
  positional: ['vocab_size', 'embedding_size', ...BERT_FIELDS.positional.slice(1)],
  matrices: [
    ['vocab_size', 'embedding_size'],
    ['max_position_embeddings', 'embedding_size'],
    ['type_vocab_size', 'embedding_size'],
    ['hidden_size', 'embedding_size'],
    ['hidden_size', 'hidden_size'],
    ['intermediate_size', 'hidden_size'],
    ['num_labels', 'hidden_size'],
  ],
  sizes: [...BERT_FIELDS.sizes, 'embedding_size'],
  weights({ num_hidden_layers, embedding_size, hidden_size, intermediate_size, vocab_size, max_position_embeddings, type_vocab_size }) {
    const rows = vocab_size + max_position_embeddings + type_vocab_size + hidden_size;
    return embedding_size * rows + num_hidden_layers * hidden_size * (4 * hidden_size + 2 * intermediate_size);
  },
};

/** What an {@link ElectraConfig} is made from: any of its fields. */
export type ElectraConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of an ELECTRA, as `transformers.ElectraConfig`. */
export class ElectraConfig extends configOf(ELECTRA) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }
}
