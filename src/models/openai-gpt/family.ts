import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { GPT2 } from '../gpt2/family.ts';
import { OpenAIGPTConfig } from './config.ts';

export const OPENAI_GPT: Family = {
  Config: OpenAIGPTConfig,
  prefix: 'transformer',
  inputs: GPT2.inputs,
  wordTypes: true,
  rename: renaming('transformer'),
  parts: ['lm_head', 'multiple_choice_head', 'score'],
  buffers: /^position_ids$|\.attn\.bias$/,
  vocabulary: { words: 'tokens_embed', decoder: 'lm_head', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
