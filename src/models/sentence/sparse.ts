import { type SentenceConfig, UNSAID } from '../../sentence/config.ts';
import type { FamilyClass } from '../classes.ts';
import type { PreTrainedConfig } from '../config.ts';
import { PreTrainedModel } from '../pretrained.ts';
import { Chain, type Features, FOLDER_OPTIONS, type FolderOptions, headed } from './chain.ts';

/**
 * Weights of the words of the vocabulary, as the model within `sentence_transformers.SparseEncoder`, before their logarithm: (sentence_embedding
 * [batch, vocabulary]), or where those of all tokens are to be added up (token_embeddings [batch, sequence, vocabulary]).
 */
export class SparseEncoderModel extends Chain {
  static override readonly kind = 'SparseEncoder';
  static override readonly OPTIONS: typeof PreTrainedModel.OPTIONS = {
    ...PreTrainedModel.OPTIONS,
    ...headed('ForMaskedLM'),
    ...FOLDER_OPTIONS,
  };

  constructor(config: PreTrainedConfig, options: FolderOptions & { base: FamilyClass; seed?: number }) {
    super(config, options, () => ({ ...options, sentence: options.sentence ?? PLAIN }));
  }

  protected override answer({ sentence_embedding, token_embeddings }: Features): Features {
    return sentence_embedding ? { sentence_embedding } : { token_embeddings };
  }
}

const PLAIN: SentenceConfig = {
  model_type: 'SparseEncoder',
  modules: [
    { type: 'Transformer', path: '', max_seq_length: null, do_lower_case: false, transformer_task: 'fill-mask' },
    { type: 'SpladePooling', path: '1_SpladePooling', pooling_strategy: 'max', activation_function: 'relu' },
  ],
  ...UNSAID,
};
