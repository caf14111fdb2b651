import * as F from '../../nn/functional.ts';
import { type SentenceConfig, UNSAID } from '../../sentence/config.ts';
import type { SentenceModule } from '../../sentence/modules.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { FamilyClass } from '../classes.ts';
import type { PreTrainedConfig } from '../config.ts';
import { PreTrainedModel } from '../pretrained.ts';
import { Chain, type Features, FOLDER_OPTIONS, type FolderOptions, headed } from './chain.ts';
import { type Beside, Part, type Widths, type Wiring } from './parts.ts';

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
    super(config, options, () => ({ ...options, sentence: options.sentence ?? PLAIN, parts: { SpladePooling } }));
  }

  protected override answer({ sentence_embedding, token_embeddings }: Features): Features {
    return sentence_embedding ? { sentence_embedding } : { token_embeddings };
  }
}

/** Weights of words: those of each text, where the largest of its tokens count, or those of its tokens. */
class SpladePooling extends Part {
  readonly wiring: Wiring;
  readonly pools: boolean;

  constructor({ pooling_strategy }: SentenceModule<'SpladePooling'>, widths: Widths) {
    super();
    this.pools = pooling_strategy === 'max';
    this.wiring = {
      input: 'token_embeddings',
      output: this.pools ? 'sentence_embedding' : 'token_embeddings',
      width: widths.token_embeddings ?? 0,
    };
  }

  forward(x: Tensor, { attention }: Beside): Tensor {
    return F.relu(this.pools ? F.max_pool(x, attention) : x);
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
