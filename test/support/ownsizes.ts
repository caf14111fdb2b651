import type { ConfigClass } from '../../src/models/config.ts';

/** Fields of small configurations beside the sizes that all have, by the names that families give them. */
const FIELDS = {
  hidden_dim: 24,
  intermediate_size: 24,
  d_inner: 24,
  n_inner: 24,
  dff: 24,
  num_key_value_heads: 1,
  head_dim: 6,
  sliding_window: 3,
  use_sliding_window: true,
  max_window_layers: 1,
  d_kv: 6,
  d_ff: 24,
  num_decoder_layers: 1,
  relative_attention_max_distance: 20,
  encoder_ffn_dim: 24,
  decoder_ffn_dim: 20,
  decoder_layers: 1,
  decoder_attention_heads: 4,
  decoder_start_token_id: 0,
  start_n_top: 2,
  end_n_top: 2,
};

/** Sizes that only one family has, beside a hidden_size of 16 and 2 heads: by `model_type`. */
const OWN_SIZES: Readonly<Record<string, object>> = {
  mobilebert: { embedding_size: 10, intra_bottleneck_size: 8 },
  squeezebert: { embedding_size: 16 },
};

/** Those of `sizes` that a family has, and its own. */
export const sizesFor = ({ schema: { fields, aliases, model_type } }: Pick<ConfigClass, 'schema'>, sizes: object): object => ({
  ...Object.fromEntries(Object.entries({ ...sizes, ...FIELDS }).filter(([name]) => name in fields || name in aliases)),
  ...OWN_SIZES[model_type],
});
