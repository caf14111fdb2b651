import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { activationOf } from '../fields.ts';
import {
  ForMultipleChoice,
  ForQuestionAnswering,
  ForSequenceClassification,
  ForTokenClassification,
  type HeadOptions,
  WithLMHead,
} from '../heads.ts';
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

class NomicBertLMPredictionHead extends Module<[Tensor], Tensor> {
  transform: NomicBertPredictionHeadTransform;
  decoder: Linear;
  bias: Parameter;

  constructor(config: NomicBertConfig) {
    super();
    this.transform = new NomicBertPredictionHeadTransform(config);
    this.decoder = new Linear(config.hidden_size, config.vocab_size, { bias: false });
    this.bias = new Parameter([config.vocab_size], (values) => values.fill(0));
  }

  forward(hidden_states: Tensor): Tensor {
    return F.linear(this.transform(hidden_states), this.decoder.weight, this.bias);
  }
}

class NomicBertOnlyMLMHead extends Module<[Tensor], Tensor> {
  predictions: NomicBertLMPredictionHead;

  constructor(config: NomicBertConfig) {
    super();
    this.predictions = new NomicBertLMPredictionHead(config);
  }

  forward(sequence_output: Tensor): Tensor {
    return this.predictions(sequence_output);
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class NomicBertForMaskedLM extends WithLMHead<NomicBertModel> {
  static override readonly family = NOMIC_BERT;
  static override readonly head = 'ForMaskedLM';
  declare readonly config: NomicBertConfig;
  declare nomic_bert: NomicBertModel;
  cls: NomicBertOnlyMLMHead;

  constructor(config: NomicBertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
    this.cls = new NomicBertOnlyMLMHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.cls(last_hidden_state) };
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
