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
};

/** Sizes of a small configuration that a family has beside those that all have. */
export const ownSizes = ({ schema }: Pick<ConfigClass, 'schema'>): Partial<typeof OWN> =>
  Object.fromEntries(Object.entries(OWN).filter(([name]) => name in schema.fields));
