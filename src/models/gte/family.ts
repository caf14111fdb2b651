import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { GteConfig } from './config.ts';

export const GTE: Family = {
  Config: GteConfig,
  prefix: 'gte',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  rename: renaming('gte'),
  parts: ['pooler', 'lm_head', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.(position_ids|token_type_ids)$|inv_freq$/,
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'lm_head.decoder', bias: 'lm_head.decoder.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
