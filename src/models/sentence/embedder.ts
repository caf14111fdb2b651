import { FLAG, oneOf } from '../../base/schema.ts';
import { type SentenceConfig, UNSAID } from '../../sentence/config.ts';
import { POOLING, type PoolingMode, type SentenceModule } from '../../sentence/modules.ts';
import { isNormalized, withoutScaling } from '../../sentence/prompt.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { FamilyClass } from '../classes.ts';
import type { PreTrainedConfig } from '../config.ts';
import { baseOf } from '../loaded.ts';
import { PreTrainedModel } from '../pretrained.ts';
import { Chain, type Features, FOLDER_OPTIONS, type FolderOptions, headed } from './chain.ts';

/** Options of {@link SentenceEmbedder}. */
export interface EmbedderOptions {
  /** What fresh weights follow from. */
  seed?: number;
  /** How the tokens of a text become one vector; several ways are laid side by side. The mean unless given. */
  pooling?: PoolingMode | readonly PoolingMode[];
  /** Whether vectors are scaled to length 1; true unless given. */
  normalize?: boolean;
  /** False, or nothing, which is the same: an encoder's pooling layer is left out, as no vector comes from it. */
  add_pooling_layer?: false;
  /** The class of the encoder; the base model of the configuration's family unless given. */
  base?: FamilyClass;
}

/**
 * One vector a text, as `sentence_transformers.SentenceTransformer`: an encoder, and the modules of the folder that it is loaded from behind it, as
 * modules.json chains them. Without such a folder, the tokens' mean scaled to length 1. Answers (sentence_embedding [batch, width],
 * last_hidden_state [batch, sequence, hidden]), and where modules make other vectors of tokens, token_embeddings [batch, sequence, width] behind
 * them. Where the folder leaves prompts out of its vectors there is one more input, `pooling_mask`, 0 for tokens of a prompt.
 */
export class SentenceEmbedder extends Chain {
  static override readonly kind = 'SentenceTransformer';
  static override readonly OPTIONS: typeof PreTrainedModel.OPTIONS = {
    ...PreTrainedModel.OPTIONS,
    pooling: POOLING,
    normalize: FLAG,
    add_pooling_layer: oneOf([false], 'No vector comes from that layer: pooling says how the tokens become one'),
    ...headed('Model', 'of models without a head, such as BertModel'),
    ...FOLDER_OPTIONS,
  };

  constructor(config: PreTrainedConfig, options: EmbedderOptions & FolderOptions = {}) {
    super(config, options, () => {
      const { sentence, base, tokenizer, seed } = options ?? {};
      return {
        sentence: withOptions(sentence ?? plainSentence(config), options ?? {}),
        base: base ?? baseOf(config.model_type),
        tokenizer,
        seed,
      };
    });
  }

  /** Outputs that calls ask for without the others: what a trace computes for them then is no more than they need. */
  get asked_alone(): readonly string[] {
    return ['sentence_embedding'];
  }

  protected override answer({ sentence_embedding, token_embeddings }: Features, last_hidden_state: Tensor): Features {
    return { sentence_embedding, last_hidden_state, ...(token_embeddings !== last_hidden_state && { token_embeddings }) };
  }
}

/** What a folder of an encoder alone means. */
export const plainSentence = ({ hidden_size }: PreTrainedConfig): SentenceConfig => ({
  model_type: 'SentenceTransformer',
  modules: [
    { type: 'Transformer', path: '', max_seq_length: null, do_lower_case: false },
    { type: 'Pooling', path: '1_Pooling', embedding_dimension: hidden_size, pooling_mode: ['mean'], include_prompt: true },
    NORMALIZE,
  ],
  ...UNSAID,
});

const NORMALIZE: SentenceModule<'Normalize'> = {
  type: 'Normalize',
  path: '2_Normalize',
  module_input_name: 'sentence_embedding',
  module_output_name: 'sentence_embedding',
};

/** `sentence` with the pooling and scaling that options ask for. */
export function withOptions(sentence: SentenceConfig, { pooling, normalize }: EmbedderOptions): SentenceConfig {
  let { modules } = sentence;
  if (pooling !== undefined)
    modules = modules.map((module) =>
      module.type === 'Pooling' ? { ...module, pooling_mode: [pooling].flat() as PoolingMode[] } : module,
    );
  if (normalize !== undefined && normalize !== isNormalized(sentence))
    modules = normalize ? [...modules, { ...NORMALIZE, path: `${modules.length}_Normalize` }] : withoutScaling({ ...sentence, modules });
  return { ...sentence, modules };
}
