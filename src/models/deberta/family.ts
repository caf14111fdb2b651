import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { DebertaConfig } from './config.ts';

export const DEBERTA: Family = {
  Config: DebertaConfig,
  prefix: 'deberta',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  rename: renaming('deberta', { 'cls.predictions.decoder.bias': 'cls.predictions.bias' }),
  parts: ['pooler', 'cls', 'lm_predictions', 'mask_predictions', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.(position_ids$|position_embeddings\.)/,
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'cls.predictions.decoder', bias: 'cls.predictions.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};

/** `family` for models whose head for masked words is the newer one. */
export const withNewHead = (family: Family): Family => ({
  ...family,
  vocabulary: { ...family.vocabulary, decoder: 'lm_predictions.lm_head', bias: 'lm_predictions.lm_head.bias' },
});
