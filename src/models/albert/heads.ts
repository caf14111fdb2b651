import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  ForMultipleChoice,
  ForQuestionAnswering,
  ForSequenceClassification,
  ForTokenClassification,
  type HeadOptions,
  WithLMHead,
} from '../heads.ts';
import type { AlbertConfig } from './config.ts';
import { ALBERT } from './family.ts';
import { AlbertModel } from './model.ts';

/** The base model of a head, which most do without the pooler. */
const encoder = (config: AlbertConfig, add_pooling_layer: boolean) => (): AlbertModel => new AlbertModel(config, { add_pooling_layer });

class AlbertMLMHead extends Module<[Tensor], Tensor> {
  LayerNorm: LayerNorm;
  bias: Parameter;
  dense: Linear;
  decoder: Linear;
  readonly activation: string;

  constructor({ hidden_size, embedding_size, vocab_size, layer_norm_eps, activation }: AlbertConfig) {
    super();
    this.LayerNorm = new LayerNorm(embedding_size, { eps: layer_norm_eps });
    this.bias = new Parameter([vocab_size], (values) => values.fill(0));
    this.dense = new Linear(hidden_size, embedding_size);
    this.decoder = new Linear(embedding_size, vocab_size, { bias: false });
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return F.linear(this.LayerNorm(F.activation(this.activation, this.dense(hidden_states))), this.decoder.weight, this.bias);
  }
}

class AlbertSOPHead extends Module<[Tensor], Tensor> {
  classifier: Linear;

  constructor({ hidden_size, num_labels }: AlbertConfig) {
    super();
    this.classifier = new Linear(hidden_size, num_labels);
  }

  forward(pooled_output: Tensor): Tensor {
    return this.classifier(pooled_output);
  }
}

/** Masked words and the order of sentences at once: (prediction_logits [batch, sequence, vocabulary], sop_logits [batch, num_labels]). */
export class AlbertForPreTraining extends WithLMHead<AlbertModel> {
  static override readonly family = ALBERT;
  static override readonly head = 'ForPreTraining';
  declare readonly config: AlbertConfig;
  declare albert: AlbertModel;
  predictions: AlbertMLMHead;
  sop_classifier: AlbertSOPHead;

  constructor(config: AlbertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
    this.predictions = new AlbertMLMHead(config);
    this.sop_classifier = new AlbertSOPHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state, pooler_output }: ModelOutput): Record<string, Tensor> {
    return { prediction_logits: this.predictions(last_hidden_state), sop_logits: this.sop_classifier(pooler_output) };
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class AlbertForMaskedLM extends WithLMHead<AlbertModel> {
  static override readonly family = ALBERT;
  static override readonly head = 'ForMaskedLM';
  declare readonly config: AlbertConfig;
  declare albert: AlbertModel;
  predictions: AlbertMLMHead;

  constructor(config: AlbertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
    this.predictions = new AlbertMLMHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.predictions(last_hidden_state) };
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class AlbertForSequenceClassification extends ForSequenceClassification<AlbertModel> {
  static override readonly family = ALBERT;
  declare readonly config: AlbertConfig;
  declare albert: AlbertModel;

  constructor(config: AlbertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class AlbertForMultipleChoice extends ForMultipleChoice<AlbertModel> {
  static override readonly family = ALBERT;
  declare readonly config: AlbertConfig;
  declare albert: AlbertModel;

  constructor(config: AlbertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class AlbertForTokenClassification extends ForTokenClassification<AlbertModel> {
  static override readonly family = ALBERT;
  declare readonly config: AlbertConfig;
  declare albert: AlbertModel;

  constructor(config: AlbertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class AlbertForQuestionAnswering extends ForQuestionAnswering<AlbertModel> {
  static override readonly family = ALBERT;
  declare readonly config: AlbertConfig;
  declare albert: AlbertModel;

  constructor(config: AlbertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}
