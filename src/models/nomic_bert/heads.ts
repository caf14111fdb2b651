import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertLMPredictionHead, ForWords } from '../bert/predictions.ts';
import { activationOf } from '../fields.ts';
import { ForMultipleChoice, ForQuestionAnswering, ForSequenceClassification, ForTokenClassification, type HeadOptions } from '../heads.ts';
import type { NomicBertConfig } from './config.ts';
import { NOMIC_BERT } from './family.ts';
import { NomicBertModel } from './model.ts';

const encoder = (config: NomicBertConfig, add_pooling_layer: boolean) => (): NomicBertModel =>
  new NomicBertModel(config, { add_pooling_layer });

class NomicBertPredictionHeadTransform extends Module<[Tensor], Tensor> {
  dense: Linear;
  layer_norm: LayerNorm;
  readonly activation: string;

  constructor({ hidden_size, layer_norm_eps, hidden_act }: NomicBertConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
    this.layer_norm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
    this.activation = activationOf(hidden_act);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.layer_norm(F.activation(this.activation, this.dense(hidden_states)));
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class NomicBertForMaskedLM extends ForWords<NomicBertModel, BertLMPredictionHead> {
  static override readonly family = NOMIC_BERT;
  declare readonly config: NomicBertConfig;
  declare nomic_bert: NomicBertModel;

  constructor(config: NomicBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false), () => new BertLMPredictionHead(config, new NomicBertPredictionHeadTransform(config)));
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class NomicBertForSequenceClassification extends ForSequenceClassification<NomicBertModel> {
  static override readonly family = NOMIC_BERT;
  declare readonly config: NomicBertConfig;
  declare nomic_bert: NomicBertModel;

  constructor(config: NomicBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class NomicBertForMultipleChoice extends ForMultipleChoice<NomicBertModel> {
  static override readonly family = NOMIC_BERT;
  declare readonly config: NomicBertConfig;
  declare nomic_bert: NomicBertModel;

  constructor(config: NomicBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class NomicBertForTokenClassification extends ForTokenClassification<NomicBertModel> {
  static override readonly family = NOMIC_BERT;
  declare readonly config: NomicBertConfig;
  declare nomic_bert: NomicBertModel;

  constructor(config: NomicBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class NomicBertForQuestionAnswering extends ForQuestionAnswering<NomicBertModel> {
  static override readonly family = NOMIC_BERT;
  declare readonly config: NomicBertConfig;
  declare nomic_bert: NomicBertModel;

  constructor(config: NomicBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}
