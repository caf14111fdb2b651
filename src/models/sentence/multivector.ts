import { TraceletError } from '../../base/error.ts';
import type { FamilyClass } from '../classes.ts';
import type { PreTrainedConfig } from '../config.ts';
import { PreTrainedModel } from '../pretrained.ts';
import { Chain, FOLDER_OPTIONS, type FolderOptions, headed } from './chain.ts';

/** A vector a token, as the model within `sentence_transformers.MultiVectorEncoder`: (token_embeddings [batch, sequence, width]). */
export class MultiVectorEncoderModel extends Chain {
  static override readonly kind = 'MultiVectorEncoder';
  static override readonly OPTIONS: typeof PreTrainedModel.OPTIONS = {
    ...PreTrainedModel.OPTIONS,
    ...headed('Model', 'of models without a head'),
    ...FOLDER_OPTIONS,
  };

  constructor(config: PreTrainedConfig, options: FolderOptions & { base: FamilyClass; seed?: number }) {
    super(config, options, () => {
      if (options.sentence) return { ...options, sentence: options.sentence };
      throw new TraceletError('config', {
        what: 'a MultiVectorEncoder',
        expected: 'a folder with modules.json',
        got: 'one without, in which no projection was learned',
      });
    });
  }
}
