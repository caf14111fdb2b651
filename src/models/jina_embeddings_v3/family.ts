import { FAMILIES } from '../../kernels/sets/families.ts';
import { PreTrainedTokenizerFast } from '../../tokenizer/tokenizer.ts';
import { type Family, renaming } from '../family.ts';
import { JinaEmbeddingsV3Config } from './config.ts';

export const JINA_EMBEDDINGS_V3: Family = {
  Config: JinaEmbeddingsV3Config,
  prefix: 'roberta',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids', 'position_ids'],
  rename: renaming('roberta', { 'lm_head.decoder.bias': 'lm_head.bias' }),
  parts: ['pooler', 'lm_head', 'classifier', 'qa_outputs'],
  buffers: /^embeddings\.(position_ids|token_type_ids)$|inv_freq$/,
  optional: { part: 'pooler', option: 'add_pooling_layer', output: 'pooler_output' },
  vocabulary: { words: 'embeddings.word_embeddings', decoder: 'lm_head.decoder', bias: 'lm_head.bias' },
  ops: FAMILIES,
  Tokenizer: PreTrainedTokenizerFast,
};
