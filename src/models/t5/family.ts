import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { SEQ2SEQ_INPUTS } from '../seq2seq.ts';
import { T5Config } from './config.ts';

export const T5: Family = {
  Config: T5Config,
  prefix: 'transformer',
  inputs: SEQ2SEQ_INPUTS,
  rename: renaming('transformer', { 'encoder.embed_tokens.weight': 'shared.weight', 'decoder.embed_tokens.weight': 'shared.weight' }),
  parts: ['decoder', 'lm_head', 'classification_head', 'classifier', 'qa_outputs'],
  buffers: /^decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight$/,
  vocabulary: { words: 'shared', decoder: 'lm_head', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};

/** What classes without a decoder have in common. */
export const T5_ENCODER: Family = { ...T5, inputs: SEQ2SEQ_INPUTS.slice(0, 2) };
