import { FAMILIES } from '../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../tokenizer/tokenizer.ts';
import { type Family, renaming } from './family.ts';

/** What Llama and its kin have in common. Classes that find answers call the base model `transformer`, all others `model`. */
export const LLAMA_KIN: Omit<Family, 'Config'> = {
  prefix: 'model',
  inputs: ['input_ids', 'attention_mask', 'position_ids'],
  rename: (name) => renaming('model')(renaming('transformer')(name)),
  parts: ['lm_head', 'score', 'qa_outputs'],
  buffers: /inv_freq$/,
  vocabulary: { words: 'embed_tokens', decoder: 'lm_head', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
