import { BertTokenizer } from '../../tokenizer/bert.ts';
import { type Family, renaming } from '../family.ts';
import { ElectraConfig } from './config.ts';

export const ELECTRA: Family = {
  Config: ElectraConfig,
  prefix: 'electra',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  rename: renaming('electra'),
  parts: ['discriminator_predictions', 'generator_predictions', 'generator_lm_head', 'sequence_summary', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.(position_ids|token_type_ids)$/,
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'generator_lm_head', bias: 'generator_lm_head.bias' },
  Tokenizer: BertTokenizer,
};
