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
  seldom,
  TOKENS,
  WHOLE,
} from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, type FamilyFields } from '../fields.ts';
import { ropeFields } from '../rotary.ts';

type TokenIds = number | readonly number[] | null;

const FIELDS = {
  vocab_size: core(128256, SIZE),
  hidden_size: core(768, SIZE),
  intermediate_size: core(3072, SIZE),
  num_hidden_layers: core(12, LAYER_COUNT),
  num_attention_heads: core(12, SIZE),
  num_key_value_heads: core<number | null>(null, orNull(SIZE)),
  hidden_act: core('silu', ACTIVATION),
  max_position_embeddings: core(8192, SIZE),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  rms_norm_eps: core(1e-5, POSITIVE),
  pad_token_id: core<number | null>(128001, orNull(WHOLE)),
  mask_token_id: idle(core<TokenIds>(128002, orNull(TOKENS)), 'silent'),
  bos_token_id: idle(other<TokenIds>(128000, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other<TokenIds>(128001, orNull(TOKENS)), 'silent'),
  pretraining_tp: idle(other(1, SIZE), 'silent'),
  use_cache: idle(other(false, FLAG), 'silent'),
  tie_word_embeddings: other(false, nullAs(false, FLAG)),
  ...ropeFields(10_000),
  attention_bias: core(false, FLAG),
  attention_dropout: idle(core(0, PROBABILITY), 'told'),
  mlp_bias: core(false, FLAG),
  head_dim: seldom<number | null>(null, orNull(SIZE)),
  classifier_pooling: core<'bos' | 'mean' | 'late'>('late', oneOf(['bos', 'mean', 'late'])),
};

const EUROBERT: FamilyFields<typeof FIELDS> = {
  model_type: 'eurobert',
  fields: FIELDS,
  aliases: { clf_pooling: 'classifier_pooling' },
  positional: Object.keys(FIELDS).slice(0, 10),
  matrices: [
    ['vocab_size', 'hidden_size'],
    ['hidden_size', 'hidden_size'],
    ['intermediate_size', 'hidden_size'],
    ['num_labels', 'hidden_size'],
  ],
  sizes: ['num_hidden_layers', 'hidden_size', 'intermediate_size', 'vocab_size'],
  weights: ({ num_hidden_layers, hidden_size, intermediate_size, vocab_size }) =>
    hidden_size * (vocab_size + num_hidden_layers * (4 * hidden_size + 3 * intermediate_size)),
};

/** What a {@link EuroBertConfig} is made from: any of its fields. */
export type EuroBertConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a EuroBERT, as `transformers.EuroBertConfig`. */
export class EuroBertConfig extends configOf(EUROBERT) {}
