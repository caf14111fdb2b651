const piece = (id: string, type_id = 0) => ({ [id.length > 1 ? 'SpecialToken' : 'Sequence']: { id, type_id } });

/** The tokenizer.json of an uncased BERT with these words, but for its added tokens. */
export const bertJson = (words: readonly string[]) => ({
  normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [piece('[CLS]'), piece('A'), piece('[SEP]')],
    pair: [piece('[CLS]'), piece('A'), piece('[SEP]'), piece('B', 1), piece('[SEP]', 1)],
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(words.map((word, id) => [word, id])),
  },
});
