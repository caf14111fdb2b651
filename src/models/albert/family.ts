import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { AlbertConfig } from './config.ts';

export const ALBERT: Family = {
  Config: AlbertConfig,
  prefix: 'albert',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  rename: renaming('albert', { 'predictions.decoder.bias': 'predictions.bias' }),
  parts: ['pooler', 'predictions', 'sop_classifier', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.(position_ids|token_type_ids)$/,
  optional: { part: 'pooler', option: 'add_pooling_layer', output: 'pooler_output' },
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'predictions.decoder', bias: 'predictions.bias' },
  Tokenizer: PreTrainedTokenizerFast,
};
