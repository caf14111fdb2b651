import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { GPT2Config } from './config.ts';

/** What the layers of GPT and GPT-2 keep beside weights: which tokens see which. */
export const MASKS = /\.attn\.(?:masked_)?bias$/;

export const GPT2: Family = {
  Config: GPT2Config,
  prefix: 'transformer',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  wordTypes: true,
  rename: renaming('transformer'),
  parts: ['lm_head', 'multiple_choice_head', 'score', 'classifier', 'qa_outputs'],
  buffers: MASKS,
  vocabulary: { words: 'wte', decoder: 'lm_head', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
