import { Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  ForMultipleChoice,
  ForQuestionAnswering,
  ForSequenceClassification,
  ForTokenClassification,
  type HeadOptions,
  ModelWithHead,
  WithLMHead,
} from '../heads.ts';
import type { BertConfig } from './config.ts';
import { BERT } from './family.ts';
import { BertModel } from './model.ts';
import { BertLMPredictionHead, BertOnlyMLMHead } from './predictions.ts';

/** The base model of a head, which most do without the pooler. */
const encoder = (config: BertConfig, add_pooling_layer: boolean) => (): BertModel => new BertModel(config, { add_pooling_layer });

class BertOnlyNSPHead extends Module<[Tensor], Tensor> {
  seq_relationship: Linear;

  constructor({ hidden_size }: BertConfig) {
    super();
    this.seq_relationship = new Linear(hidden_size, 2);
  }

  forward(pooled_output: Tensor): Tensor {
    return this.seq_relationship(pooled_output);
  }
}

class BertPreTrainingHeads extends Module<[Tensor, Tensor], [Tensor, Tensor]> {
  predictions: BertLMPredictionHead;
  seq_relationship: Linear;

  constructor(config: BertConfig) {
    super();
    this.predictions = new BertLMPredictionHead(config);
    this.seq_relationship = new Linear(config.hidden_size, 2);
  }

  forward(sequence_output: Tensor, pooled_output: Tensor): [Tensor, Tensor] {
    return [this.predictions(sequence_output), this.seq_relationship(pooled_output)];
  }
}

/** Masked words and next sentence at once: (prediction_logits [batch, sequence, vocabulary], seq_relationship_logits [batch, 2]). */
export class BertForPreTraining extends WithLMHead<BertModel> {
  static override readonly family = BERT;
  static override readonly head = 'ForPreTraining';
  declare readonly config: BertConfig;
  declare bert: BertModel;
  cls: BertPreTrainingHeads;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
    this.cls = new BertPreTrainingHeads(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state, pooler_output }: ModelOutput): Record<string, Tensor> {
    const [prediction_logits, seq_relationship_logits] = this.cls(last_hidden_state, pooler_output);
    return { prediction_logits, seq_relationship_logits };
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class BertForMaskedLM extends WithLMHead<BertModel> {
  static override readonly family = BERT;
  static override readonly head = 'ForMaskedLM';
  declare readonly config: BertConfig;
  declare bert: BertModel;
  cls: BertOnlyMLMHead;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
    this.cls = new BertOnlyMLMHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.cls(last_hidden_state) };
  }
}

/** Whether the second sentence follows the first: (logits [batch, 2], "follows" first). */
export class BertForNextSentencePrediction extends ModelWithHead<BertModel> {
  static override readonly family = BERT;
  static override readonly head = 'ForNextSentencePrediction';
  declare readonly config: BertConfig;
  declare bert: BertModel;
  cls: BertOnlyNSPHead;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
    this.cls = new BertOnlyNSPHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ pooler_output }: ModelOutput): Record<string, Tensor> {
    return { logits: this.cls(pooler_output) };
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
