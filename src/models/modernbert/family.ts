import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { ModernBertConfig } from './config.ts';

export const MODERNBERT: Family = {
  Config: ModernBertConfig,
  prefix: 'model',
  inputs: ['input_ids', 'attention_mask', 'position_ids'],
  rename: renaming('model'),
  parts: ['head', 'decoder', 'classifier'],
  vocabulary: { words: 'embeddings.tok_embeddings', decoder: 'decoder', bias: 'decoder.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
