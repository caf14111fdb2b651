import { BertTokenizer } from '../../tokenizer/bert.ts';
import { type Family, renaming } from '../family.ts';
import { MobileBertConfig } from './config.ts';

export const MOBILEBERT: Family = {
  Config: MobileBertConfig,
  prefix: 'mobilebert',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  rename: renaming('mobilebert', { 'cls.predictions.decoder.bias': 'cls.predictions.bias' }),
  parts: ['embeddings.embedding_transformation', 'pooler', 'cls.predictions', 'cls.predictions.dense', 'cls.seq_relationship', 'classifier', 'qa_outputs'], // biome-ignore format: one row
  buffers: /^embeddings\.position_ids$/,
  optional: { part: 'pooler', option: 'add_pooling_layer', output: 'pooler_output' },
  vocabulary: {
    words: 'embeddings.word_embeddings',
    decoder: 'cls.predictions.decoder',
    bias: 'cls.predictions.bias',
    columns: 'cls.predictions.dense',
  },
  Tokenizer: BertTokenizer,
};
