import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { GPT2 } from '../gpt2/family.ts';
import { CTRLConfig } from './config.ts';

export const CTRL: Family = {
  Config: CTRLConfig,
  prefix: 'transformer',
  inputs: GPT2.inputs,
  wordTypes: true,
  rename: renaming('transformer'),
  parts: ['lm_head', 'classifier'],
  vocabulary: { words: 'w', decoder: 'lm_head', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
