import { BertTokenizer } from '../../tokenizer/bert.ts';
import { type Family, renaming } from '../family.ts';
import { DistilBertConfig } from './config.ts';

export const DISTILBERT: Family = {
  Config: DistilBertConfig,
  prefix: 'distilbert',
  inputs: ['input_ids', 'attention_mask', 'position_ids'],
  rename: renaming('distilbert'),
  parts: ['vocab_transform', 'vocab_layer_norm', 'vocab_projector', 'pre_classifier', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.position_ids$/,
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'vocab_projector', bias: 'vocab_projector.bias' },
  Tokenizer: BertTokenizer,
};
