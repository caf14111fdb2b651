import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { EuroBertConfig } from './config.ts';

export const EUROBERT: Family = {
  Config: EuroBertConfig,
  prefix: 'model',
  inputs: ['input_ids', 'attention_mask', 'position_ids'],
  rename: renaming('model'),
  parts: ['lm_head', 'dense', 'classifier'],
  buffers: /inv_freq$/,
  vocabulary: { words: 'embed_tokens', decoder: 'lm_head', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
