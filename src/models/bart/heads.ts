import * as F from '../../nn/functional.ts';
import { type Embedding, Linear } from '../../nn/layers.ts';
import { type ModelOutput, modelOutput } from '../../nn/outputs.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { ForQuestionAnswering, type HeadOptions, WithLMHead } from '../heads.ts';
import { checkIds } from '../inputs.ts';
import { type ModelInputs, PreTrainedModel } from '../pretrained.ts';
import { ForLastEndClassification } from '../seq2seq.ts';
import type { BartConfig } from './config.ts';
import { BartDecoderWrapper } from './decoder.ts';
import { BART, BART_DECODER } from './family.ts';
import { BartModel } from './model.ts';

/**
 * A score for every word at every place of the decoder: (logits [batch, decoder_sequence, vocabulary]), then what {@link BartModel} answers of layers
 * and of its encoder.
 */
export class BartForConditionalGeneration extends WithLMHead<BartModel> {
  static override readonly family = BART;
  static override readonly head = 'ForSeq2SeqLM';
  declare readonly config: BartConfig;
  declare model: BartModel;
  lm_head: Linear;
  final_logits_bias: Parameter;

  constructor(config: BartConfig, options: HeadOptions = {}) {
    super(config, options, () => new BartModel(config));
    this.lm_head = new Linear(config.d_model, config.vocab_size, { bias: false });
    this.final_logits_bias = zeros(config.vocab_size);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: F.add(this.lm_head(last_hidden_state), this.final_logits_bias) };
  }

  /** As that of any model; words that are added have 0 in `final_logits_bias`. */
  override resize_token_embeddings(...given: unknown[]): Embedding {
    const { elements } = this.final_logits_bias;
    const words = super.resize_token_embeddings(...(given as []));
    const count = words.weight.shape[0];
    this.final_logits_bias = zeros(count);
    this.final_logits_bias.elements.set(elements.subarray(0, count));
    return words;
  }
}

const zeros = (count: number): Parameter => new Parameter([1, count], (values) => values.fill(0));

/** A score for every label, made of the decoder at the last token that ends a text: (logits [batch, num_labels]). */
export class BartForSequenceClassification extends ForLastEndClassification<BartModel> {
  static override readonly family = BART;
  declare readonly config: BartConfig;
  declare model: BartModel;

  constructor(config: BartConfig, options: HeadOptions = {}) {
    super(config, options, () => new BartModel(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, decoder_sequence]. */
export class BartForQuestionAnswering extends ForQuestionAnswering<BartModel> {
  static override readonly family = BART;
  declare readonly config: BartConfig;
  declare model: BartModel;

  constructor(config: BartConfig, options: HeadOptions = {}) {
    super(config, options, () => new BartModel(config));
  }
}

/** A score for every word that may come next, at every position of the decoder alone: (logits [batch, sequence, vocabulary]). */
export class BartForCausalLM extends PreTrainedModel {
  static override readonly family = BART_DECODER;
  static override readonly head = 'ForCausalLM';
  declare readonly config: BartConfig;
  model: BartDecoderWrapper;
  lm_head: Linear;

  constructor(config: BartConfig, options: HeadOptions = {}) {
    super(config, options);
    this.model = new BartDecoderWrapper(config);
    this.lm_head = new Linear(config.d_model, config.vocab_size, { bias: false });
    this.post_init(options?.seed);
  }

  override tied(): [string, string][] {
    return this.config.tie_word_embeddings ? [['lm_head.weight', 'model.decoder.embed_tokens.weight']] : [];
  }

  forward(...inputs: ModelInputs): ModelOutput {
    const [ids, mask] = this.taken(inputs);
    checkIds(ids, { attention_mask: mask }, this.config);
    const { output_hidden_states, output_attentions } = this.config;
    const { hidden_states, attentions } = this.model(ids, { mask, is_causal: true, output_attentions });
    return modelOutput({
      logits: this.lm_head(hidden_states[hidden_states.length - 1]),
      hidden_states: output_hidden_states ? hidden_states : undefined,
      attentions: output_attentions ? attentions : undefined,
    });
  }
}
