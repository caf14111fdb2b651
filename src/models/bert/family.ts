import { BertTokenizer } from '../../tokenizer/bert.ts';
import { type Family, renaming } from '../family.ts';
import { BertConfig } from './config.ts';

export const BERT: Family = {
  Config: BertConfig,
  prefix: 'bert',
  inputs: ['input_ids', 'token_type_ids', 'attention_mask', 'position_ids'],
  rename: renaming('bert', { 'cls.predictions.decoder.bias': 'cls.predictions.bias' }),
  parts: ['pooler', 'cls.predictions', 'cls.seq_relationship', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.(position_ids|token_type_ids)$/,
  optional: { part: 'pooler', option: 'add_pooling_layer', output: 'pooler_output' },
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'cls.predictions.decoder', bias: 'cls.predictions.bias' },
  Tokenizer: BertTokenizer,
};
