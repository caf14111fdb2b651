import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  ForFirstTokenClassification,
  ForMultipleChoice,
  ForQuestionAnswering,
  ForTokenClassification,
  type HeadOptions,
  ModelWithHead,
  tellBothSides,
  WithLMHead,
} from '../heads.ts';
import { SequenceSummary } from '../summary.ts';
import type { ElectraConfig } from './config.ts';
import { ELECTRA } from './family.ts';
import { ElectraModel } from './model.ts';

const encoder = (config: ElectraConfig) => (): ElectraModel => new ElectraModel(config);

class ElectraDiscriminatorPredictions extends Module<[Tensor], Tensor> {
  dense: Linear;
  dense_prediction: Linear;
  readonly activation: string;

  constructor({ hidden_size, activation }: ElectraConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
    this.dense_prediction = new Linear(hidden_size, 1);
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return F.select(this.dense_prediction(F.activation(this.activation, this.dense(hidden_states))), 2, 0);
  }
}

class ElectraGeneratorPredictions extends Module<[Tensor], Tensor> {
  LayerNorm: LayerNorm;
  dense: Linear;

  constructor({ hidden_size, embedding_size, layer_norm_eps }: ElectraConfig) {
    super();
    this.LayerNorm = new LayerNorm(embedding_size, { eps: layer_norm_eps });
    this.dense = new Linear(hidden_size, embedding_size);
  }

  forward(hidden_states: Tensor): Tensor {
    return this.LayerNorm(F.gelu(this.dense(hidden_states)));
  }
}

/** How likely it is that a word was replaced, for each token: (logits [batch, sequence]). */
export class ElectraForPreTraining extends ModelWithHead<ElectraModel> {
  static override readonly family = ELECTRA;
  static override readonly head = 'ForPreTraining';
  declare readonly config: ElectraConfig;
  declare electra: ElectraModel;
  discriminator_predictions: ElectraDiscriminatorPredictions;

  constructor(config: ElectraConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
    this.discriminator_predictions = new ElectraDiscriminatorPredictions(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.discriminator_predictions(last_hidden_state) };
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class ElectraForMaskedLM extends WithLMHead<ElectraModel> {
  static override readonly family = ELECTRA;
  static override readonly head: string = 'ForMaskedLM';
  declare readonly config: ElectraConfig;
  declare electra: ElectraModel;
  generator_predictions: ElectraGeneratorPredictions;
  generator_lm_head: Linear;

  constructor(config: ElectraConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
    this.generator_predictions = new ElectraGeneratorPredictions(config);
    this.generator_lm_head = new Linear(config.embedding_size, config.vocab_size);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.generator_lm_head(this.generator_predictions(last_hidden_state)) };
  }
}

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). A decoder where `is_decoder` says so. */
export class ElectraForCausalLM extends ElectraForMaskedLM {
  static override readonly head = 'ForCausalLM';

  constructor(config: ElectraConfig, options: HeadOptions = {}) {
    super(config, options);
    tellBothSides(this);
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class ElectraForSequenceClassification extends ForFirstTokenClassification<ElectraModel> {
  static override readonly family = ELECTRA;
  declare readonly config: ElectraConfig;
  declare electra: ElectraModel;

  constructor(config: ElectraConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config), F.gelu);
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class ElectraForMultipleChoice extends ForMultipleChoice<ElectraModel> {
  static override readonly family = ELECTRA;
  declare readonly config: ElectraConfig;
  declare electra: ElectraModel;
  sequence_summary: SequenceSummary;

  constructor(config: ElectraConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
    this.sequence_summary = new SequenceSummary(config);
    this.post_init(options?.seed);
  }

  protected override summary({ last_hidden_state }: ModelOutput): Tensor {
    return this.sequence_summary(last_hidden_state);
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class ElectraForTokenClassification extends ForTokenClassification<ElectraModel> {
  static override readonly family = ELECTRA;
  declare readonly config: ElectraConfig;
  declare electra: ElectraModel;

  constructor(config: ElectraConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class ElectraForQuestionAnswering extends ForQuestionAnswering<ElectraModel> {
  static override readonly family = ELECTRA;
  declare readonly config: ElectraConfig;
  declare electra: ElectraModel;

  constructor(config: ElectraConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
  }
}
