import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { SEQ2SEQ_INPUTS } from '../seq2seq.ts';
import { BartConfig } from './config.ts';

export const BART: Family = {
  Config: BartConfig,
  prefix: 'model',
  inputs: SEQ2SEQ_INPUTS,
  rename: renaming('model', { 'encoder.embed_tokens.weight': 'shared.weight', 'decoder.embed_tokens.weight': 'shared.weight' }),
  parts: ['encoder', 'lm_head', 'final_logits_bias', 'classification_head', 'qa_outputs'],
  buffers: /^(encoder|decoder)\.version$/,
  absent: /^final_logits_bias$/,
  vocabulary: { words: 'shared', decoder: 'lm_head', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};

/** What classes without an encoder have in common. */
export const BART_DECODER: Family = {
  ...BART,
  inputs: SEQ2SEQ_INPUTS.slice(0, 2),
  vocabulary: { ...BART.vocabulary, words: 'decoder.embed_tokens' },
};
