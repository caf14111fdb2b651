import { FAMILIES } from '../../kernels/sets/families.ts';
import { BertTokenizer } from '../../tokenizer/bert.ts';
import { type Family, renaming } from '../family.ts';
import { NomicBertConfig } from './config.ts';

export const NOMIC_BERT: Family = {
  Config: NomicBertConfig,
  prefix: 'nomic_bert',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  rename: renaming('nomic_bert', { 'cls.predictions.decoder.bias': 'cls.predictions.bias' }),
  parts: ['pooler', 'cls', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.(position_ids|token_type_ids)$|inv_freq$/,
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'cls.predictions.decoder', bias: 'cls.predictions.bias' },
  ops: FAMILIES,
  Tokenizer: BertTokenizer,
};
