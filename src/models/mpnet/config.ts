import { core, idle, orNull, other, SIZE, TOKENS, upTo, WHOLE } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { activationOf, type FamilyFields } from '../fields.ts';
import { BUCKETS, PADDING } from './buckets.ts';

type TokenIds = number | readonly number[] | null;

const { type_vocab_size: _, ...BERT } = BERT_FIELDS.fields;
const MOST_BUCKETS = 1 << 16;

const FIELDS = {
  ...BERT,
  vocab_size: core(30527, SIZE),
  relative_attention_num_buckets: core(BUCKETS.count, upTo(BUCKETS.count, MOST_BUCKETS)),
  pad_token_id: core<number | null>(PADDING, orNull(WHOLE)),
  bos_token_id: idle(other<TokenIds>(0, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other<TokenIds>(2, orNull(TOKENS)), 'silent'),
};

const isField = (name: string): boolean => name !== 'type_vocab_size';

const MPNET: FamilyFields<typeof FIELDS> = {
  model_type: 'mpnet',
  fields: FIELDS,
  aliases: {},
  positional: [...BERT_FIELDS.positional.filter(isField), 'relative_attention_num_buckets'],
  matrices: BERT_FIELDS.matrices.filter(([rows]) => isField(rows)),
  sizes: ['num_hidden_layers', 'hidden_size', 'intermediate_size', 'vocab_size', 'max_position_embeddings'],
  weights: (config) => BERT_FIELDS.weights({ ...config, type_vocab_size: 0 }),
};

/** What an {@link MPNetConfig} is made from: any of its fields. */
export type MPNetConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of an MPNet, as `transformers.MPNetConfig`. */
export class MPNetConfig extends configOf(MPNET) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }

  /** Positions up to that of padding are none of a token's. */
  override most_tokens(): number {
    return this.max_position_embeddings - PADDING - 1;
  }
}
