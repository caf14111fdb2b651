import * as F from '../../nn/functional.ts';
import { Linear } from '../../nn/layers.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ForTokenClassification, type HeadOptions, startsAndEnds, withAnswer } from '../heads.ts';
import type { ModelInputs } from '../pretrained.ts';
import { ForLastEndClassification, shiftedRight } from '../seq2seq.ts';
import type { T5Config } from './config.ts';
import { T5, T5_ENCODER } from './family.ts';
import { T5EncoderModel, T5Model } from './model.ts';

/**
 * A score for every word at every place of the decoder: (logits [batch, decoder_sequence, vocabulary]), then what {@link T5Model} answers of layers
 * and of its encoder. Throws `value` errors without decoder_input_ids.
 */
export class T5ForConditionalGeneration extends T5Model {
  static override readonly head = 'ForSeq2SeqLM';
  lm_head: Linear;

  constructor(config: T5Config, options: HeadOptions = {}) {
    super(config, options);
    this.lm_head = new Linear(config.d_model, config.vocab_size, { bias: false });
    this.post_init(options?.seed);
  }

  override tied(): [string, string][] {
    return [['lm_head.weight', 'shared.weight']];
  }

  override forward(...inputs: ModelInputs): ModelOutput {
    const output = super.forward(...inputs);
    const { last_hidden_state: states } = output;
    const scaled = this.config.scaled ? F.scale(states, this.config.d_model ** -0.5) : states;
    return withAnswer({ logits: this.lm_head(scaled) }, output);
  }
}

/** A score for every label, made of the decoder at the last token that ends a text: (logits [batch, num_labels]). */
export class T5ForSequenceClassification extends ForLastEndClassification<T5Model> {
  static override readonly family = T5;
  declare readonly config: T5Config;
  declare transformer: T5Model;

  constructor(config: T5Config, options: HeadOptions = {}) {
    super(config, options, () => new T5Model(config));
  }

  protected override taken(args: ModelInputs) {
    const taken = super.taken(args);
    taken[2] ??= shiftedRight(taken[0], this.config);
    return taken;
  }
}

/** A score for every label at every token, made of the encoder: (logits [batch, sequence, num_labels]). */
export class T5ForTokenClassification extends ForTokenClassification<T5EncoderModel> {
  static override readonly family = T5_ENCODER;
  declare readonly config: T5Config;
  declare transformer: T5EncoderModel;

  constructor(config: T5Config, options: HeadOptions = {}) {
    super(config, options, () => new T5EncoderModel(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, decoder_sequence]. */
export class T5ForQuestionAnswering extends T5Model {
  static override readonly head = 'ForQuestionAnswering';
  qa_outputs: Linear;

  constructor(config: T5Config, options: HeadOptions = {}) {
    super(config, options);
    this.qa_outputs = new Linear(config.d_model, 2);
    this.post_init(options?.seed);
  }

  protected override decoderIdsOf(input_ids: Tensor): Tensor {
    return shiftedRight(input_ids, this.config);
  }

  override forward(...inputs: ModelInputs): ModelOutput {
    const output = super.forward(...inputs);
    return withAnswer(startsAndEnds(this.qa_outputs(output.last_hidden_state)), output);
  }
}
