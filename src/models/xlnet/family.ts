import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { XLNetConfig } from './config.ts';

export const XLNET: Family = {
  Config: XLNetConfig,
  prefix: 'transformer',
  inputs: ['input_ids', 'attention_mask', 'mems', 'perm_mask', 'target_mapping', 'token_type_ids', 'input_mask'],
  rename: renaming('transformer'),
  parts: ['lm_loss', 'sequence_summary', 'logits_proj', 'classifier', 'qa_outputs', 'start_logits', 'end_logits', 'answer_class'],
  absent: /^mask_emb$/,
  floats: ['mems', 'perm_mask', 'target_mapping', 'input_mask'],
  vocabulary: { words: 'word_embedding', decoder: 'lm_loss', bias: 'lm_loss.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
