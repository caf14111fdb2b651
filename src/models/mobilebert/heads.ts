import * as F from '../../nn/functional.ts';
import { Linear } from '../../nn/layers.ts';
import { transposedOf } from '../../tensor/derived.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  BertLMPredictionHead,
  BertPredictionHeadTransform,
  ForNextSentence,
  ForWords,
  ForWordsAndNextSentence,
} from '../bert/predictions.ts';
import { bad } from '../fields.ts';
import { ForMultipleChoice, ForQuestionAnswering, ForSequenceClassification, ForTokenClassification, type HeadOptions } from '../heads.ts';
import type { MobileBertConfig } from './config.ts';
import { MOBILEBERT } from './family.ts';
import { MobileBertModel } from './model.ts';

/** The base model of a head, which most do without the pooler. */
const encoder = (config: MobileBertConfig, add_pooling_layer: boolean) => (): MobileBertModel =>
  new MobileBertModel(config, { add_pooling_layer });

/** Scores of words: the first columns of each token by the word embeddings, those behind them by a matrix with a column for each word. */
class MobileBertLMPredictionHead extends BertLMPredictionHead {
  /** Absent where embeddings are as wide as hidden states. */
  dense?: Linear;

  constructor(config: MobileBertConfig) {
    const { embedding_size, hidden_size, vocab_size } = config;
    super({ hidden_size: embedding_size, vocab_size }, new BertPredictionHeadTransform(config));
    if (embedding_size > hidden_size)
      throw bad('embedding_size', 'MobileBertConfig', `at most hidden_size ${hidden_size} where words are scored`, `${embedding_size}`);
    if (embedding_size < hidden_size) this.dense = new Linear(vocab_size, hidden_size - embedding_size, { bias: false });
  }

  override forward(hidden_states: Tensor): Tensor {
    const x = this.transform(hidden_states);
    if (!this.dense) return F.linear(x, this.decoder.weight, this.bias);
    const [last, [, width]] = [x.shape.length - 1, this.decoder.weight.shape];
    const scores = F.linear(F.slice(x, last, 0, width), this.decoder.weight, this.bias);
    return F.add(scores, F.linear(F.slice(x, last, width, x.shape[last]), transposedOf(this.dense.weight)));
  }
}

/** Masked words and next sentence at once: (prediction_logits [batch, sequence, vocabulary], seq_relationship_logits [batch, 2]). */
export class MobileBertForPreTraining extends ForWordsAndNextSentence<MobileBertModel, MobileBertLMPredictionHead> {
  static override readonly family = MOBILEBERT;
  declare readonly config: MobileBertConfig;
  declare mobilebert: MobileBertModel;

  constructor(config: MobileBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true), () => new MobileBertLMPredictionHead(config));
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class MobileBertForMaskedLM extends ForWords<MobileBertModel, MobileBertLMPredictionHead> {
  static override readonly family = MOBILEBERT;
  declare readonly config: MobileBertConfig;
  declare mobilebert: MobileBertModel;

  constructor(config: MobileBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false), () => new MobileBertLMPredictionHead(config));
  }
}

/** Whether the second sentence follows the first: (logits [batch, 2], "follows" first). */
export class MobileBertForNextSentencePrediction extends ForNextSentence<MobileBertModel> {
  static override readonly family = MOBILEBERT;
  declare readonly config: MobileBertConfig;
  declare mobilebert: MobileBertModel;

  constructor(config: MobileBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class MobileBertForSequenceClassification extends ForSequenceClassification<MobileBertModel> {
  static override readonly family = MOBILEBERT;
  declare readonly config: MobileBertConfig;
  declare mobilebert: MobileBertModel;

  constructor(config: MobileBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class MobileBertForMultipleChoice extends ForMultipleChoice<MobileBertModel> {
  static override readonly family = MOBILEBERT;
  declare readonly config: MobileBertConfig;
  declare mobilebert: MobileBertModel;

  constructor(config: MobileBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class MobileBertForTokenClassification extends ForTokenClassification<MobileBertModel> {
  static override readonly family = MOBILEBERT;
  declare readonly config: MobileBertConfig;
  declare mobilebert: MobileBertModel;

  constructor(config: MobileBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class MobileBertForQuestionAnswering extends ForQuestionAnswering<MobileBertModel> {
  static override readonly family = MOBILEBERT;
  declare readonly config: MobileBertConfig;
  declare mobilebert: MobileBertModel;

  constructor(config: MobileBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}
