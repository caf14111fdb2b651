const named = (content: string, id: number) => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});

/** The tokenizer.json of a small Unigram, changed. */
export const unigramJson = (changes: object = {}) => ({
  added_tokens: [named('<unk>', 0), named('<s>', 1)],
  normalizer: null,
  pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  post_processor: null,
  decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  model: {
    type: 'Unigram',
    unk_id: 0,
    byte_fallback: false,
    vocab: [['<unk>', 0], ['<s>', 0], ['▁', -2], ['▁a', -2.5], ['a', -3], ['b', -3], ['▁b', -2.75]], // biome-ignore format: one row
  },
  ...changes,
});
