import type { ConfigClass } from '../../src/models/config.ts';

const OWN = {
  hidden_dim: 24,
  intermediate_size: 24,
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
};

/** A small configuration of a family: what it knows of `sizes`, and sizes that it has beside those that most have. */
export const sizesFor = ({ schema: { fields, aliases } }: Pick<ConfigClass, 'schema'>, sizes: object): object => ({
  ...Object.fromEntries(Object.entries(sizes).filter(([name]) => name in fields || name in aliases)),
  ...Object.fromEntries(Object.entries(OWN).filter(([name]) => name in fields)),
});
