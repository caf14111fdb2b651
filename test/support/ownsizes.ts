/** Sizes that go by other names in a family, or that only it has, beside a hidden_size of 16 and 2 heads: by `model_type`. */
export const OWN_SIZES: Readonly<Record<string, object>> = {
  distilbert: { hidden_dim: 24 },
  mobilebert: { intermediate_size: 24, embedding_size: 10, intra_bottleneck_size: 8 },
  squeezebert: { intermediate_size: 24, embedding_size: 16 },
};
