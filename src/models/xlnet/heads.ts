import { Linear } from '../../nn/layers.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  ForQuestionAnswering,
  ForTokenClassification,
  type Given,
  type HeadOptions,
  ModelWithHead,
  WithChoices,
  WithLMHead,
} from '../heads.ts';
import { ForSpans, type SpanParts, searchSpans, spanParts } from '../squadhead.ts';
import { SequenceSummary } from '../summary.ts';
import type { XLNetConfig } from './config.ts';
import { XLNET } from './family.ts';
import { XLNetModel } from './model.ts';
import { STREAM_INPUTS } from './streams.ts';

const encoder = (config: XLNetConfig) => (): XLNetModel => new XLNetModel(config);

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class XLNetLMHeadModel extends WithLMHead<XLNetModel> {
  static override readonly family = XLNET;
  static override readonly head = 'ForCausalLM';
  declare readonly config: XLNetConfig;
  declare transformer: XLNetModel;
  lm_loss: Linear;

  constructor(config: XLNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
    this.lm_loss = new Linear(config.d_model, config.vocab_size);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.lm_loss(last_hidden_state) };
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class XLNetForSequenceClassification extends ModelWithHead<XLNetModel> {
  static override readonly family = XLNET;
  static override readonly head = 'ForSequenceClassification';
  declare readonly config: XLNetConfig;
  declare transformer: XLNetModel;
  sequence_summary: SequenceSummary;
  logits_proj: Linear;

  constructor(config: XLNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
    this.sequence_summary = new SequenceSummary(config);
    this.logits_proj = new Linear(config.d_model, config.num_labels);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.logits_proj(this.sequence_summary(last_hidden_state)) };
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). It takes no `mems`, `perm_mask` and `target_mapping`. */
export class XLNetForMultipleChoice extends WithChoices<XLNetModel> {
  static override readonly family = XLNET;
  declare readonly config: XLNetConfig;
  declare transformer: XLNetModel;
  sequence_summary: SequenceSummary;
  logits_proj: Linear;

  constructor(config: XLNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
    this.sequence_summary = new SequenceSummary(config);
    this.logits_proj = new Linear(config.d_model, 1);
    this.post_init(options?.seed);
  }

  override get input_names(): readonly string[] {
    return super.input_names.filter((name) => !(STREAM_INPUTS as readonly string[]).includes(name));
  }

  protected scores({ last_hidden_state }: ModelOutput): Tensor {
    return this.logits_proj(this.sequence_summary(last_hidden_state));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class XLNetForTokenClassification extends ForTokenClassification<XLNetModel> {
  static override readonly family = XLNET;
  declare readonly config: XLNetConfig;
  declare transformer: XLNetModel;

  constructor(config: XLNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class XLNetForQuestionAnsweringSimple extends ForQuestionAnswering<XLNetModel> {
  static override readonly family = XLNET;
  static override readonly head = 'ForQuestionAnsweringSimple';
  declare readonly config: XLNetConfig;
  declare transformer: XLNetModel;

  constructor(config: XLNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
  }
}

/**
 * Where answers start and end, found by a beam: (start_top_log_probs and start_top_index [batch, start_n_top], end_top_log_probs and end_top_index
 * [batch, start_n_top · end_n_top], cls_logits [batch]). Texts have at least as many tokens as the beam is wide.
 */
export class XLNetForQuestionAnswering extends ForSpans<XLNetModel> implements SpanParts {
  static override readonly family = XLNET;
  static override readonly head = 'ForQuestionAnswering';
  declare readonly config: XLNetConfig;
  declare transformer: XLNetModel;
  start_logits: SpanParts['start_logits'];
  end_logits: SpanParts['end_logits'];
  answer_class: SpanParts['answer_class'];

  constructor(config: XLNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config));
    const { start_logits, end_logits, answer_class } = spanParts(config);
    [this.start_logits, this.end_logits, this.answer_class] = [start_logits, end_logits, answer_class];
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput, given: Given): Record<string, Tensor> {
    return searchSpans(this, last_hidden_state, given, this.config);
  }
}
