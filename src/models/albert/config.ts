import { core, idle, LAYER_COUNT, orNull, other, PROBABILITY, SIZE, TOKENS, upTo } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, activationOf, type FamilyFields } from '../fields.ts';

type TokenIds = number | readonly number[] | null;

const MOST_INNER = 16;

const FIELDS = {
  ...BERT_FIELDS.fields,
  vocab_size: core(30000, SIZE),
  embedding_size: core(128, SIZE),
  hidden_size: core(4096, SIZE),
  num_hidden_groups: core(1, LAYER_COUNT),
  num_attention_heads: core(64, SIZE),
  intermediate_size: core(16384, SIZE),
  inner_group_num: core(1, upTo(1, MOST_INNER)),
  hidden_act: core('gelu_new', ACTIVATION),
  hidden_dropout_prob: idle(core(0, PROBABILITY), 'told'),
  attention_probs_dropout_prob: idle(core(0, PROBABILITY), 'told'),
  classifier_dropout_prob: idle(other<number | null>(0.1, orNull(PROBABILITY)), 'told'),
  bos_token_id: idle(other<TokenIds>(2, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other<TokenIds>(3, orNull(TOKENS)), 'silent'),
};

const ALBERT: FamilyFields<typeof FIELDS> = {
  ...BERT_FIELDS,
  model_type: 'albert',
  fields: FIELDS,
  positional: [
    ...[
      'vocab_size',
      'embedding_size',
      'hidden_size',
      'num_hidden_layers',
      'num_hidden_groups',
      'num_attention_heads',
      'intermediate_size',
    ],
    ...['inner_group_num', 'hidden_act', 'hidden_dropout_prob', 'attention_probs_dropout_prob', 'max_position_embeddings'],
    ...['type_vocab_size', 'initializer_range', 'layer_norm_eps'],
  ],
  matrices: [
    ['vocab_size', 'embedding_size'],
    ['max_position_embeddings', 'embedding_size'],
    ['type_vocab_size', 'embedding_size'],
    ['hidden_size', 'embedding_size'],
    ['hidden_size', 'hidden_size'],
    ['intermediate_size', 'hidden_size'],
    ['num_labels', 'hidden_size'],
  ],
  sizes: ['num_hidden_groups', 'hidden_size', 'intermediate_size', 'inner_group_num', 'vocab_size', 'embedding_size'],
  weights({ num_hidden_groups, inner_group_num, hidden_size, intermediate_size, embedding_size, ...sizes }) {
    const rows = sizes.vocab_size + sizes.max_position_embeddings + sizes.type_vocab_size + hidden_size;
    return embedding_size * rows + num_hidden_groups * inner_group_num * hidden_size * (4 * hidden_size + 2 * intermediate_size);
  },
};

/** What an {@link AlbertConfig} is made from: any of its fields. */
export type AlbertConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of an ALBERT, as `transformers.AlbertConfig`. */
export class AlbertConfig extends configOf(ALBERT) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }
}
