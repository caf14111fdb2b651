import * as F from '../../nn/functional.ts';
import { LayerNorm, Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  ForMultipleChoice,
  ForQuestionAnswering,
  ForSequenceClassification,
  ForTokenClassification,
  type HeadOptions,
  WithLMHead,
} from '../heads.ts';
import type { GteConfig } from './config.ts';
import { GTE } from './family.ts';
import { GteModel } from './model.ts';

const encoder = (config: GteConfig, add_pooling_layer: boolean) => (): GteModel => new GteModel(config, { add_pooling_layer });

class GteLMHead extends Module<[Tensor], Tensor> {
  dense: Linear;
  norm: LayerNorm;
  decoder: Linear;

  constructor({ hidden_size, vocab_size, layer_norm_eps }: GteConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
    this.norm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
    this.decoder = new Linear(hidden_size, vocab_size);
  }

  forward(features: Tensor): Tensor {
    return this.decoder(this.norm(F.gelu(this.dense(features))));
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class GteForMaskedLM extends WithLMHead<GteModel> {
  static override readonly family = GTE;
  static override readonly head = 'ForMaskedLM';
  declare readonly config: GteConfig;
  declare gte: GteModel;
  lm_head: GteLMHead;

  constructor(config: GteConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
    this.lm_head = new GteLMHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.lm_head(last_hidden_state) };
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class GteForSequenceClassification extends ForSequenceClassification<GteModel> {
  static override readonly family = GTE;
  declare readonly config: GteConfig;
  declare gte: GteModel;

  constructor(config: GteConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class GteForMultipleChoice extends ForMultipleChoice<GteModel> {
  static override readonly family = GTE;
  declare readonly config: GteConfig;
  declare gte: GteModel;

  constructor(config: GteConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class GteForTokenClassification extends ForTokenClassification<GteModel> {
  static override readonly family = GTE;
  declare readonly config: GteConfig;
  declare gte: GteModel;

  constructor(config: GteConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class GteForQuestionAnswering extends ForQuestionAnswering<GteModel> {
  static override readonly family = GTE;
  declare readonly config: GteConfig;
  declare gte: GteModel;

  constructor(config: GteConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}
