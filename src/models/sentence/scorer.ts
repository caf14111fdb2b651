import { isObject } from '../../base/json.ts';
import { type SentenceConfig, UNSAID } from '../../sentence/config.ts';
import type { FamilyClass } from '../classes.ts';
import type { PreTrainedConfig } from '../config.ts';
import { PreTrainedModel } from '../pretrained.ts';
import { Chain, FOLDER_OPTIONS, type FolderOptions, headed } from './chain.ts';

/** Scores of pairs of texts, as the model within `sentence_transformers.CrossEncoder`: (scores [batch, labels]), before any activation. */
export class CrossEncoderModel extends Chain {
  static override readonly kind = 'CrossEncoder';
  static override readonly OPTIONS: typeof PreTrainedModel.OPTIONS = {
    ...PreTrainedModel.OPTIONS,
    ...headed('ForSequenceClassification'),
    ...FOLDER_OPTIONS,
  };

  constructor(config: PreTrainedConfig, options: FolderOptions & { base: FamilyClass; seed?: number }) {
    super(config, options, () => ({ ...options, sentence: withActivation(options.sentence ?? plain(), config) }));
  }
}

const plain = (): SentenceConfig => ({
  model_type: 'CrossEncoder',
  modules: [{ type: 'Transformer', path: '', max_seq_length: null, do_lower_case: false, transformer_task: 'sequence-classification' }],
  ...UNSAID,
});

/** `sentence` with the activation that the config.json of older folders names. */
function withActivation(sentence: SentenceConfig, config: PreTrainedConfig): SentenceConfig {
  const { sentence_transformers: said, sbert_ce_default_activation_function: before = null } = config.to_dict();
  const named = isObject(said) && 'activation_fn' in said ? said.activation_fn : before;
  return { ...sentence, activation_fn: sentence.activation_fn ?? (typeof named === 'string' ? named : null) };
}
