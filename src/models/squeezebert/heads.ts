import { BertLMPredictionHead, BertPredictionHeadTransform, ForWords } from '../bert/predictions.ts';
import { ForMultipleChoice, ForQuestionAnswering, ForSequenceClassification, ForTokenClassification, type HeadOptions } from '../heads.ts';
import type { SqueezeBertConfig } from './config.ts';
import { SQUEEZEBERT } from './family.ts';
import { SqueezeBertModel } from './model.ts';

/** The base model of a head, which most do without the pooler, that transformers has and leaves unread. */
const encoder = (config: SqueezeBertConfig, add_pooling_layer: boolean) => (): SqueezeBertModel =>
  new SqueezeBertModel(config, { add_pooling_layer });

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class SqueezeBertForMaskedLM extends ForWords<SqueezeBertModel, BertLMPredictionHead> {
  static override readonly family = SQUEEZEBERT;
  declare readonly config: SqueezeBertConfig;
  declare transformer: SqueezeBertModel;

  constructor(config: SqueezeBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false), () => new BertLMPredictionHead(config, new BertPredictionHeadTransform(config)));
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class SqueezeBertForSequenceClassification extends ForSequenceClassification<SqueezeBertModel> {
  static override readonly family = SQUEEZEBERT;
  declare readonly config: SqueezeBertConfig;
  declare transformer: SqueezeBertModel;

  constructor(config: SqueezeBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class SqueezeBertForMultipleChoice extends ForMultipleChoice<SqueezeBertModel> {
  static override readonly family = SQUEEZEBERT;
  declare readonly config: SqueezeBertConfig;
  declare transformer: SqueezeBertModel;

  constructor(config: SqueezeBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class SqueezeBertForTokenClassification extends ForTokenClassification<SqueezeBertModel> {
  static override readonly family = SQUEEZEBERT;
  declare readonly config: SqueezeBertConfig;
  declare transformer: SqueezeBertModel;

  constructor(config: SqueezeBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class SqueezeBertForQuestionAnswering extends ForQuestionAnswering<SqueezeBertModel> {
  static override readonly family = SQUEEZEBERT;
  declare readonly config: SqueezeBertConfig;
  declare transformer: SqueezeBertModel;

  constructor(config: SqueezeBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}
