import { TraceletError } from '../base/error.ts';
import * as F from '../nn/functional.ts';
import { LayerNorm, Linear } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import { type ModelOutput, modelOutput } from '../nn/outputs.ts';
import { Parameter } from '../tensor/parameter.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import { BertModel } from './bert.ts';
import type { BertConfig } from './config.ts';
import { type ModelInputs, PreTrainedModel } from './pretrained.ts';

/** An encoder and what is made of its answer. */
abstract class BertWithHead extends PreTrainedModel {
  bert: BertModel;

  constructor(config: BertConfig, add_pooling_layer: boolean, options: HeadOptions) {
    super(config, options);
    this.bert = new BertModel(config, { add_pooling_layer });
  }

  /** The head's outputs, by the names that transformers gives them. */
  protected abstract answer(encoded: ModelOutput): Record<string, Tensor>;

  forward(...inputs: ModelInputs): ModelOutput {
    const encoded = this.bert(...inputs);
    const { hidden_states, attentions } = encoded;
    return modelOutput({ ...this.answer(encoded), hidden_states, attentions });
  }
}

interface HeadOptions {
  /** What fresh weights follow from. */
  seed?: number;
}

class BertPredictionHeadTransform extends Module<[Tensor], Tensor> {
  dense: Linear;
  LayerNorm: LayerNorm;
  readonly activation: string;

  constructor({ hidden_size, layer_norm_eps, activation }: BertConfig) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
    this.LayerNorm = new LayerNorm(hidden_size, { eps: layer_norm_eps });
    this.activation = activation;
  }

  forward(hidden_states: Tensor): Tensor {
    return this.LayerNorm(F.activation(this.activation, this.dense(hidden_states)));
  }
}

class BertLMPredictionHead extends Module<[Tensor], Tensor> {
  transform: BertPredictionHeadTransform;
  decoder: Linear;
  bias: Parameter;

  constructor(config: BertConfig) {
    super();
    this.transform = new BertPredictionHeadTransform(config);
    this.decoder = new Linear(config.hidden_size, config.vocab_size, { bias: false });
    this.bias = new Parameter([config.vocab_size], (values) => values.fill(0));
  }

  forward(hidden_states: Tensor): Tensor {
    return F.linear(this.transform(hidden_states), this.decoder.weight, this.bias);
  }
}

class BertOnlyMLMHead extends Module<[Tensor], Tensor> {
  predictions: BertLMPredictionHead;

  constructor(config: BertConfig) {
    super();
    this.predictions = new BertLMPredictionHead(config);
  }

  forward(sequence_output: Tensor): Tensor {
    return this.predictions(sequence_output);
  }
}

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

/** A BERT whose decoder shares the matrix of its word embeddings, unless `torchscript` unties them. */
abstract class BertWithLMHead extends BertWithHead {
  abstract cls: { predictions: BertLMPredictionHead };

  override tied(): [string, string][] {
    return this.config.tie_word_embeddings ? [['cls.predictions.decoder.weight', 'bert.embeddings.word_embeddings.weight']] : [];
  }

  protected override post_init(seed?: number): void {
    super.post_init(seed);
    if (!this.config.tie_word_embeddings) return;
    const { weight } = this.bert.embeddings.word_embeddings;
    const { decoder } = this.cls.predictions;
    if (this.config.torchscript) decoder.weight.initialise = (values) => values.set(weight.elements);
    else decoder.weight = weight;
  }
}

/** Masked words and next sentence at once: (prediction_logits [batch, sequence, vocabulary], seq_relationship_logits [batch, 2]). */
export class BertForPreTraining extends BertWithLMHead {
  cls: BertPreTrainingHeads;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, true, options);
    this.cls = new BertPreTrainingHeads(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state, pooler_output }: ModelOutput): Record<string, Tensor> {
    const [prediction_logits, seq_relationship_logits] = this.cls(last_hidden_state, pooler_output);
    return { prediction_logits, seq_relationship_logits };
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class BertForMaskedLM extends BertWithLMHead {
  cls: BertOnlyMLMHead;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, false, options);
    this.cls = new BertOnlyMLMHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.cls(last_hidden_state) };
  }
}

/** Whether the second sentence follows the first: (logits [batch, 2], "follows" first). */
export class BertForNextSentencePrediction extends BertWithHead {
  cls: BertOnlyNSPHead;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, true, options);
    this.cls = new BertOnlyNSPHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ pooler_output }: ModelOutput): Record<string, Tensor> {
    return { logits: this.cls(pooler_output) };
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class BertForSequenceClassification extends BertWithHead {
  classifier: Linear;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, true, options);
    this.classifier = new Linear(config.hidden_size, config.num_labels);
    this.post_init(options?.seed);
  }

  protected answer({ pooler_output }: ModelOutput): Record<string, Tensor> {
    return { logits: this.classifier(pooler_output) };
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class BertForMultipleChoice extends BertWithHead {
  classifier: Linear;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, true, options);
    this.classifier = new Linear(config.hidden_size, 1);
    this.post_init(options?.seed);
  }

  override forward(...inputs: ModelInputs): ModelOutput {
    const given = this.taken(inputs);
    const { shape } = given[0];
    if (shape.length !== 3)
      throw new TraceletError('shape', { what: 'input_ids', expected: '[batch, choices, sequence]', got: `[${shape}]` });
    const rows = [sizeOf(shape.slice(0, 2)), shape[2]];
    const flat = given.map((input) => input?.reshape(rows));
    const { logits, hidden_states, attentions } = super.forward(...(flat as ModelInputs));
    return modelOutput({ logits: logits.reshape(shape.slice(0, 2)), hidden_states, attentions });
  }

  protected answer({ pooler_output }: ModelOutput): Record<string, Tensor> {
    return { logits: this.classifier(pooler_output) };
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class BertForTokenClassification extends BertWithHead {
  classifier: Linear;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, false, options);
    this.classifier = new Linear(config.hidden_size, config.num_labels);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.classifier(last_hidden_state) };
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class BertForQuestionAnswering extends BertWithHead {
  qa_outputs: Linear;

  constructor(config: BertConfig, options: HeadOptions = {}) {
    super(config, false, options);
    this.qa_outputs = new Linear(config.hidden_size, 2);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    const logits = this.qa_outputs(last_hidden_state);
    return { start_logits: F.select(logits, 2, 0), end_logits: F.select(logits, 2, 1) };
  }
}
