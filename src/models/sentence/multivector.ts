import { TraceletError } from '../../base/error.ts';
import type { SentenceModule } from '../../sentence/modules.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { FamilyClass } from '../classes.ts';
import type { PreTrainedConfig } from '../config.ts';
import { PreTrainedModel } from '../pretrained.ts';
import { Chain, FOLDER_OPTIONS, type FolderOptions, headed } from './chain.ts';
import { Part, type Widths, type Wiring } from './parts.ts';

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
      if (options.sentence) return { ...options, sentence: options.sentence, parts: { MultiVectorMask } };
      throw new TraceletError('config', {
        what: 'a MultiVectorEncoder',
        expected: 'a folder with modules.json',
        got: 'one without',
        cure: "Encoders alone have learned no projection, and folders of Stanford's ColBERT (HF_ColBERT) do not open here",
      });
    });
  }
}

/** Which tokens count is decided where their vectors are known. */
class MultiVectorMask extends Part {
  readonly wiring: Wiring;

  constructor(_: SentenceModule<'MultiVectorMask'>, widths: Widths) {
    super();
    this.wiring = { input: 'token_embeddings', output: 'token_embeddings', width: widths.token_embeddings ?? 0 };
  }

  forward(x: Tensor): Tensor {
    return x;
  }
}
