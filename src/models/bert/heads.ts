import {
  ForMultipleChoice,
  ForQuestionAnswering,
  ForSequenceClassification,
  ForTokenClassification,
  type HeadOptions,
  tellBothSides,
} from '../heads.ts';
import type { BertConfig } from './config.ts';
import { BERT } from './family.ts';
import { BertModel } from './model.ts';
import { BertLMPredictionHead, BertPredictionHeadTransform, ForNextSentence, ForWords, ForWordsAndNextSentence } from './predictions.ts';

/** The base model of a head, which most do without the pooler. */
const encoder = (config: BertConfig, add_pooling_layer: boolean) => (): BertModel => new BertModel(config, { add_pooling_layer });

const predictions = (config: BertConfig): BertLMPredictionHead => new BertLMPredictionHead(config, new BertPredictionHeadTransform(config));

/** Masked words and next sentence at once: (prediction_logits [batch, sequence, vocabulary], seq_relationship_logits [batch, 2]). */
export class BertForPreTraining extends ForWordsAndNextSentence<BertModel, BertLMPredictionHead> {
  static override readonly family = BERT;
  declare readonly config: BertConfig;
  declare bert: BertModel;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true), () => predictions(config));
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class BertForMaskedLM extends ForWords<BertModel, BertLMPredictionHead> {
  static override readonly family = BERT;
  declare readonly config: BertConfig;
  declare bert: BertModel;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false), () => predictions(config));
  }
}

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). A decoder where `is_decoder` says so. */
export class BertLMHeadModel extends BertForMaskedLM {
  static override readonly head = 'ForCausalLM';

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options);
    tellBothSides(this);
  }
}

/** Whether the second sentence follows the first: (logits [batch, 2], "follows" first). */
export class BertForNextSentencePrediction extends ForNextSentence<BertModel> {
  static override readonly family = BERT;
  declare readonly config: BertConfig;
  declare bert: BertModel;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class BertForSequenceClassification extends ForSequenceClassification<BertModel> {
  static override readonly family = BERT;
  declare readonly config: BertConfig;
  declare bert: BertModel;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class BertForMultipleChoice extends ForMultipleChoice<BertModel> {
  static override readonly family = BERT;
  declare readonly config: BertConfig;
  declare bert: BertModel;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class BertForTokenClassification extends ForTokenClassification<BertModel> {
  static override readonly family = BERT;
  declare readonly config: BertConfig;
  declare bert: BertModel;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class BertForQuestionAnswering extends ForQuestionAnswering<BertModel> {
  static override readonly family = BERT;
  declare readonly config: BertConfig;
  declare bert: BertModel;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}
