import {
  COUNT,
  core,
  DEVIATION,
  FLAG,
  idle,
  type Kind,
  LAYER_COUNT,
  nullAs,
  orNull,
  other,
  POSITIVE,
  PROBABILITY,
  SIZE,
  seldom,
  TOKENS,
  upTo,
  WHOLE,
} from '../../base/schema.ts';
import { exactBuckets } from '../buckets.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, activationOf, bad, type FamilyFields, NO_DECODER } from '../fields.ts';

type TokenIds = number | readonly number[] | null;

const FEWEST_BUCKETS = 4;
const MOST_BUCKETS = 1 << 16;

/** Texts have no positions that end somewhere; this is what memory takes. */
const MOST_TOKENS = 1 << 16;

const GATED = 'gated-';

/** An activation, or one of those that gate a product. */
const FEED_FORWARD: Kind<string> = {
  expected: `${ACTIVATION.expected}, or one of these behind "${GATED}"`,
  read: (value) =>
    typeof value === 'string' && ACTIVATION.read(value.startsWith(GATED) ? value.slice(GATED.length) : value) ? value : undefined,
};

const FIELDS = {
  vocab_size: core(32128, SIZE),
  d_model: core(512, SIZE),
  d_kv: core(64, SIZE),
  d_ff: core(2048, SIZE),
  num_layers: core(6, LAYER_COUNT),
  num_decoder_layers: core<number | null>(null, orNull(LAYER_COUNT)),
  num_heads: core(8, SIZE),
  relative_attention_num_buckets: core(32, upTo(FEWEST_BUCKETS, MOST_BUCKETS)),
  relative_attention_max_distance: core(128, upTo(1, MOST_TOKENS)),
  dropout_rate: idle(core(0.1, PROBABILITY), 'told'),
  layer_norm_epsilon: core(1e-6, POSITIVE),
  initializer_factor: idle(core(1, DEVIATION), 'told'),
  feed_forward_proj: core('relu', FEED_FORWARD),
  is_encoder_decoder: core(true, nullAs(true, FLAG)),
  use_cache: idle(core(true, FLAG), 'silent'),
  pad_token_id: core<number | null>(0, orNull(WHOLE)),
  eos_token_id: core<TokenIds>(1, orNull(TOKENS)),
  classifier_dropout: idle(other(0, PROBABILITY), 'told'),
  decoder_start_token_id: other<number | null>(null, orNull(COUNT)),
  dense_act_fn: seldom<string | null>(null, orNull(ACTIVATION)),
  is_gated_act: seldom<boolean | null>(null, nullAs(false, FLAG)),
  scale_decoder_outputs: seldom<boolean | null>(null, nullAs(false, FLAG)),
  is_decoder: NO_DECODER,
  tie_word_embeddings: other(true, nullAs(true, FLAG)),
  initializer_range: idle(seldom(0.02, DEVIATION), 'told'),
};

const names = Object.keys(FIELDS);

const T5: FamilyFields<typeof FIELDS> = {
  model_type: 't5',
  fields: FIELDS,
  aliases: { hidden_size: 'd_model', num_attention_heads: 'num_heads', num_hidden_layers: 'num_layers', head_dim: 'd_kv' },
  positional: names.slice(0, names.indexOf('classifier_dropout') + 1),
  matrices: [
    ['vocab_size', 'd_model'],
    ['d_model', 'd_model'],
    ['d_ff', 'd_model'],
    ['num_heads', 'd_kv'],
    ['num_labels', 'd_model'],
    ['relative_attention_num_buckets', 'num_heads'],
    ['relative_attention_max_distance', 'num_heads'],
  ],
  sizes: ['num_layers', 'd_model', 'num_heads', 'd_kv', 'd_ff', 'vocab_size', 'num_decoder_layers'],
  weights({ vocab_size, d_model, d_kv, d_ff, num_layers, num_decoder_layers, num_heads }) {
    const [attention, products] = [4 * num_heads * d_kv, 3 * d_ff];
    return d_model * (vocab_size + num_layers * (attention + products) + (num_decoder_layers ?? num_layers) * (2 * attention + products));
  },
};

/** What a {@link T5Config} is made from: any of its fields. */
export type T5ConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a T5, as `transformers.T5Config`. */
export class T5Config extends configOf(T5) {
  /** The op of the feed-forward layers. */
  get activation(): string {
    const { dense_act_fn, feed_forward_proj: named } = this;
    return activationOf(dense_act_fn ?? (named === 'gated-gelu' ? 'gelu_new' : named.replace(GATED, '')));
  }

  /** Whether it gates a product. */
  get gated(): boolean {
    return this.is_gated_act ?? this.feed_forward_proj.startsWith(GATED);
  }

  /** Whether what words are scored by is scaled by 1/√d_model first: unless the configuration, or a file of T5 1.1 by untying words, says otherwise. */
  get scaled(): boolean {
    return this.scale_decoder_outputs ?? this.tie_word_embeddings;
  }

  override most_tokens(): number {
    return MOST_TOKENS;
  }
}

/** How distances are put into buckets. Throws a `config` error where the furthest is not beyond those that have a bucket of their own. */
export function bucketsIn(config: T5Config, is_causal: boolean) {
  const { relative_attention_num_buckets: count, relative_attention_max_distance: furthest } = config;
  const exact = exactBuckets({ count, is_causal });
  if (furthest > exact) return { count, furthest, is_causal };
  throw bad('relative_attention_max_distance', 'T5Config', `more than ${exact}, the distances that have a bucket each`, `${furthest}`);
}
