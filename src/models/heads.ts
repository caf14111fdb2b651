import { TraceletError } from '../base/error.ts';
import * as F from '../nn/functional.ts';
import { Linear } from '../nn/layers.ts';
import { type ModelOutput, modelOutput } from '../nn/outputs.ts';
import { sizeOf, type Tensor } from '../tensor/tensor.ts';
import type { PreTrainedConfig } from './config.ts';
import { type ModelInputs, PreTrainedModel } from './pretrained.ts';

/** Heads by what they are for, over the base model of any family. What a family has in its own way stands in its folder. */

/** Options of models with a head. */
export interface HeadOptions {
  /** What fresh weights follow from. */
  seed?: number;
}

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
  protected abstract answer(encoded: ModelOutput): Record<string, Tensor>;

  forward(...inputs: ModelInputs): ModelOutput {
    const encoded = this.base_model(...inputs);
    const { hidden_states, attentions } = encoded;
    return modelOutput({ ...this.answer(encoded), hidden_states, attentions });
  }
}

/** A head whose decoder shares the matrix of the word embeddings, unless `torchscript` unties them. */
export abstract class WithLMHead<Base extends PreTrainedModel = PreTrainedModel> extends ModelWithHead<Base> {
  override tied(): [string, string][] {
    const { prefix, vocabulary } = this.family;
    return this.config.tie_word_embeddings ? [[`${vocabulary.decoder}.weight`, `${prefix}.${vocabulary.words}.weight`]] : [];
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

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.classifier(last_hidden_state) };
  }
}

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
    const logits = this.qa_outputs(last_hidden_state);
    return { start_logits: F.select(logits, 2, 0), end_logits: F.select(logits, 2, 1) };
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export abstract class ForMultipleChoice<Base extends PreTrainedModel> extends ModelWithHead<Base> {
  static override readonly head: string = 'ForMultipleChoice';

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
