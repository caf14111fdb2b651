import { FAMILIES } from '../../kernels/sets/families.ts';
import { BertTokenizer } from '../../tokenizer/bert.ts';
import { type Family, renaming } from '../family.ts';
import { MPNetConfig } from './config.ts';

export const MPNET: Family = {
  Config: MPNetConfig,
  prefix: 'mpnet',
  inputs: ['input_ids', 'attention_mask', 'position_ids'],
  rename: renaming('mpnet', { 'lm_head.decoder.bias': 'lm_head.bias' }),
  parts: ['pooler', 'lm_head', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.position_ids$/,
  optional: { part: 'pooler', option: 'add_pooling_layer', output: 'pooler_output' },
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'lm_head.decoder', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: BertTokenizer,
};
