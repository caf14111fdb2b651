import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { SEQ2SEQ_INPUTS } from '../seq2seq.ts';
import { BartConfig } from './config.ts';

const [SHARED, ...OWN] = ['shared', 'decoder.embed_tokens', 'encoder.embed_tokens'];
const weightOf = (path: string): string => `${path}.weight`;

export const BART: Family = {
  Config: BartConfig,
  prefix: 'model',
  inputs: SEQ2SEQ_INPUTS,
  rename: renaming('model'),
  stead: {
    [weightOf(SHARED)]: OWN.map(weightOf),
    ...Object.fromEntries(OWN.map((own) => [weightOf(own), [SHARED, ...OWN.filter((other) => other !== own)].map(weightOf)])),
  },
  parts: ['shared', 'encoder', 'lm_head', 'final_logits_bias', 'classification_head', 'qa_outputs'],
  buffers: /^(encoder|decoder)\.version$/,
  absent: /^final_logits_bias$/,
  vocabulary: { words: SHARED, decoder: 'lm_head', bias: 'lm_head.bias', more: OWN },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};

/** What classes without an encoder have in common. */
export const BART_DECODER: Family = {
  ...BART,
  inputs: SEQ2SEQ_INPUTS.slice(0, 2),
  vocabulary: { ...BART.vocabulary, words: OWN[0], more: [] },
};
