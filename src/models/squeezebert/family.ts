import { BertTokenizer } from '../../tokenizer/bert.ts';
import { type Family, renaming } from '../family.ts';
import { SqueezeBertConfig } from './config.ts';

export const SQUEEZEBERT: Family = {
  Config: SqueezeBertConfig,
  prefix: 'transformer',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  rename: renaming('transformer', { 'cls.predictions.decoder.bias': 'cls.predictions.bias' }),
  parts: ['pooler', 'cls.predictions', 'cls.seq_relationship', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.position_ids$/,
  optional: { part: 'pooler', option: 'add_pooling_layer', output: 'pooler_output' },
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'cls.predictions.decoder', bias: 'cls.predictions.bias' },
  Tokenizer: BertTokenizer,
};
