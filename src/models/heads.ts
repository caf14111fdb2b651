import { TraceletError } from '../base/error.ts';
import { warn } from '../base/warn.ts';
import * as F from '../nn/functional.ts';
import { LayerNorm, Linear } from '../nn/layers.ts';
import { Module } from '../nn/module.ts';
import { type ModelOutput, modelOutput } from '../nn/outputs.ts';
import { Parameter } from '../tensor/parameter.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { PreTrainedConfig } from './config.ts';
import { type ModelInputs, PreTrainedModel } from './pretrained.ts';

/** Heads by what they are for, over the base model of any family. What a family has in its own way stands in its folder. */

/** Options of models with a head. */
export interface HeadOptions {
  /** What fresh weights follow from. */
  seed?: number;
}

/** The inputs of a call by name. */
export type Given = Readonly<Record<string, Tensor | undefined>>;

/** What base models answer that stays beside the outputs of heads. */
const BESIDE = [
  ...['mems', 'hidden_states', 'attentions'],
  ...['decoder_hidden_states', 'decoder_attentions', 'cross_attentions'],
  ...['encoder_last_hidden_state', 'encoder_hidden_states', 'encoder_attentions'],
];

/** A head's outputs, and what the base model answers beside them. */
export const withAnswer = (answer: Record<string, Tensor>, encoded: ModelOutput): ModelOutput =>
  modelOutput({ ...answer, ...Object.fromEntries(BESIDE.map((name) => [name, encoded[name]])) });

/** A base model, under the prefix of its family, and what is made of its answer. */
export abstract class ModelWithHead<Base extends PreTrainedModel = PreTrainedModel> extends PreTrainedModel {
  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options);
    Object.assign(this, { [this.family.prefix]: makeBase() });
  }

  get base_model(): Base {
    return (this as unknown as Record<string, Base>)[this.family.prefix];
  }

  /** The head's outputs, by the names that transformers gives them. */
  protected abstract answer(encoded: ModelOutput, given: Given): Record<string, Tensor>;

  forward(...inputs: ModelInputs): ModelOutput {
    const taken = this.taken(inputs);
    const given = Object.fromEntries(this.input_names.map((name, i) => [name, taken[i]]));
    const { base_model } = this;
    const encoded = base_model(...(base_model.input_names.map((name) => given[name]) as ModelInputs));
    return withAnswer(this.answer(encoded, given), encoded);
  }
}

/** A head whose decoder shares the matrix of the word embeddings, unless `torchscript` unties them. */
export abstract class WithLMHead<Base extends PreTrainedModel = PreTrainedModel> extends ModelWithHead<Base> {
  override tied(): [string, string][] {
    const { prefix, vocabulary } = this.family;
    return this.config.tie_word_embeddings ? [[`${vocabulary.decoder}.weight`, `${prefix}.${vocabulary.words}.weight`]] : [];
  }
}

/** Tells that a model for words that may come next sees them, where its configuration is not that of a decoder. */
export function tellBothSides(model: PreTrainedModel): void {
  if (!model.config.is_decoder)
    warn(`${model.constructor.name}: tokens see those behind them. Pass is_decoder: true for scores of words that may come next`);
}

/** What scores every word at every position: [batch, sequence, vocabulary]. */
export class LMHead extends Module<[Tensor], Tensor> {
  dense: Linear;
  layer_norm: LayerNorm;
  decoder: Linear;
  bias: Parameter;

  constructor({ hidden_size, vocab_size }: PreTrainedConfig, eps: number) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
    this.layer_norm = new LayerNorm(hidden_size, { eps });
    this.decoder = new Linear(hidden_size, vocab_size, { bias: false });
    this.bias = new Parameter([vocab_size], (values) => values.fill(0));
  }

  forward(features: Tensor): Tensor {
    return F.linear(this.layer_norm(F.gelu(this.dense(features))), this.decoder.weight, this.bias);
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export abstract class ForMaskedLM<Base extends PreTrainedModel> extends WithLMHead<Base> {
  static override readonly head: string = 'ForMaskedLM';
  lm_head: LMHead;

  constructor(config: PreTrainedConfig & { layer_norm_eps: number }, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.lm_head = new LMHead(config, config.layer_norm_eps);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.lm_head(last_hidden_state) };
  }
}

/** What scores labels by the first token: [batch, num_labels]. */
export class ClassificationHead extends Module<[Tensor], Tensor> {
  dense: Linear;
  out_proj: Linear;
  readonly activation: (x: Tensor) => Tensor;

  constructor({ hidden_size, num_labels }: PreTrainedConfig, activation: (x: Tensor) => Tensor) {
    super();
    this.dense = new Linear(hidden_size, hidden_size);
    this.out_proj = new Linear(hidden_size, num_labels);
    this.activation = activation;
  }

  forward(features: Tensor): Tensor {
    return this.out_proj(this.activation(this.dense(F.select(features, 1, 0))));
  }
}

/** A score for every label, made of the first token: (logits [batch, num_labels]). */
export abstract class ForFirstTokenClassification<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForSequenceClassification';
  classifier: ClassificationHead;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base, activation: (x: Tensor) => Tensor) {
    super(config, options, makeBase);
    this.classifier = new ClassificationHead(config, activation);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.classifier(last_hidden_state) };
  }
}

/** A score for every label, made of a vector of each text: (logits [batch, num_labels]). */
export abstract class ForSequenceClassification<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForSequenceClassification';
  classifier: Linear;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.classifier = new Linear(config.hidden_size, config.num_labels);
    this.post_init(options?.seed);
  }

  /** The vector of each text. */
  protected summary({ pooler_output }: ModelOutput, _given: Given): Tensor {
    return pooler_output;
  }

  protected answer(encoded: ModelOutput, given: Given): Record<string, Tensor> {
    return { logits: this.classifier(this.summary(encoded, given)) };
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export abstract class ForTokenClassification<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForTokenClassification';
  classifier: Linear;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.classifier = new Linear(config.hidden_size, config.num_labels);
    this.post_init(options?.seed);
  }

  /** What labels are made of, a row a token. */
  protected features({ last_hidden_state }: ModelOutput): Tensor {
    return last_hidden_state;
  }

  protected answer(encoded: ModelOutput): Record<string, Tensor> {
    return { logits: this.classifier(this.features(encoded)) };
  }
}

/** Two scores at each token, apart. */
export const startsAndEnds = (logits: Tensor): Record<string, Tensor> => ({
  start_logits: F.select(logits, 2, 0),
  end_logits: F.select(logits, 2, 1),
});

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export abstract class ForQuestionAnswering<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForQuestionAnswering';
  qa_outputs: Linear;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.qa_outputs = new Linear(config.hidden_size, 2);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return startsAndEnds(this.qa_outputs(last_hidden_state));
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], and the base model gets them as [batch · choices, sequence]. */
export abstract class WithChoices<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForMultipleChoice';

  override get input_names(): readonly string[] {
    return this.family.inputs;
  }

  /** The scores of texts [batch · choices, 1]. */
  protected abstract scores(encoded: ModelOutput, given: Given): Tensor;

  protected answer(encoded: ModelOutput, given: Given): Record<string, Tensor> {
    return { logits: this.scores(encoded, given) };
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
}

/** A score for every choice, made of a vector of each text: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export abstract class ForMultipleChoice<Base extends PreTrainedModel> extends WithChoices<Base> {
  classifier: Linear;

  constructor(config: PreTrainedConfig, options: HeadOptions, makeBase: () => Base) {
    super(config, options, makeBase);
    this.classifier = new Linear(config.hidden_size, 1);
    this.post_init(options?.seed);
  }

  /** The vector of each text. */
  protected summary({ pooler_output }: ModelOutput, _given: Given): Tensor {
    return pooler_output;
  }

  protected scores(encoded: ModelOutput, given: Given): Tensor {
    return this.classifier(this.summary(encoded, given));
  }
}
