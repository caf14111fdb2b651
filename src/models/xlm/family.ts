import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { XLMConfig } from './config.ts';

export const XLM: Family = {
  Config: XLMConfig,
  prefix: 'transformer',
  inputs: ['input_ids', 'attention_mask', 'langs', 'token_type_ids', 'position_ids', 'lengths'],
  rename: renaming('transformer'),
  parts: ['pred_layer', 'sequence_summary', 'logits_proj', 'classifier', 'qa_outputs'],
  buffers: /^position_ids$/,
  vocabulary: { words: 'embeddings', decoder: 'pred_layer.proj', bias: 'pred_layer.proj.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
