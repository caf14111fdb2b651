import { Linear } from '../../nn/layers.ts';
import { Module } from '../../nn/module.ts';
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
import { ForSpans, SQuADHead } from '../squadhead.ts';
import { SequenceSummary } from '../summary.ts';
import type { XLMConfig } from './config.ts';
import { XLM } from './family.ts';
import { XLMModel } from './model.ts';

/** Makes the base model of a head. */
const encoder = (Base: typeof XLMModel, config: XLMConfig) => (): XLMModel => new Base(config);

class XLMPredLayer extends Module<[Tensor], Tensor> {
  proj: Linear;

  constructor({ emb_dim, vocab_size }: XLMConfig) {
    super();
    this.proj = new Linear(emb_dim, vocab_size);
  }

  forward(x: Tensor): Tensor {
    return this.proj(x);
  }
}

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class XLMWithLMHeadModel extends WithLMHead<XLMModel> {
  static override readonly family = XLM;
  static override readonly head: string = 'WithLMHeadModel';
  protected static readonly Base = XLMModel;
  declare readonly config: XLMConfig;
  declare transformer: XLMModel;
  pred_layer: XLMPredLayer;

  constructor(config: XLMConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
    this.pred_layer = new XLMPredLayer(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.pred_layer(last_hidden_state) };
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class XLMForSequenceClassification extends ModelWithHead<XLMModel> {
  static override readonly family = XLM;
  static override readonly head: string = 'ForSequenceClassification';
  protected static readonly Base = XLMModel;
  declare readonly config: XLMConfig;
  declare transformer: XLMModel;
  sequence_summary: SequenceSummary;

  constructor(config: XLMConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
    this.sequence_summary = new SequenceSummary(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput): Record<string, Tensor> {
    return { logits: this.sequence_summary(last_hidden_state) };
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). It takes no `lengths`. */
export class XLMForMultipleChoice extends WithChoices<XLMModel> {
  static override readonly family = XLM;
  protected static readonly Base = XLMModel;
  declare readonly config: XLMConfig;
  declare transformer: XLMModel;
  sequence_summary: SequenceSummary;
  logits_proj: Linear;

  constructor(config: XLMConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
    this.sequence_summary = new SequenceSummary(config);
    this.logits_proj = new Linear(config.num_labels, 1);
    this.post_init(options?.seed);
  }

  override get input_names(): readonly string[] {
    return super.input_names.filter((name) => name !== 'lengths');
  }

  protected scores({ last_hidden_state }: ModelOutput): Tensor {
    return this.logits_proj(this.sequence_summary(last_hidden_state));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class XLMForTokenClassification extends ForTokenClassification<XLMModel> {
  static override readonly family = XLM;
  protected static readonly Base = XLMModel;
  declare readonly config: XLMConfig;
  declare transformer: XLMModel;

  constructor(config: XLMConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class XLMForQuestionAnsweringSimple extends ForQuestionAnswering<XLMModel> {
  static override readonly family = XLM;
  static override readonly head: string = 'ForQuestionAnsweringSimple';
  protected static readonly Base = XLMModel;
  declare readonly config: XLMConfig;
  declare transformer: XLMModel;

  constructor(config: XLMConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
  }
}

/**
 * Where answers start and end, found by a beam: (start_top_log_probs and start_top_index [batch, start_n_top], end_top_log_probs and end_top_index
 * [batch, start_n_top · end_n_top], cls_logits [batch]). Texts have at least as many tokens as the beam is wide.
 */
export class XLMForQuestionAnswering extends ForSpans<XLMModel> {
  static override readonly family = XLM;
  static override readonly head: string = 'ForQuestionAnswering';
  protected static readonly Base = XLMModel;
  declare readonly config: XLMConfig;
  declare transformer: XLMModel;
  qa_outputs: SQuADHead;

  constructor(config: XLMConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config));
    this.qa_outputs = new SQuADHead(config);
    this.post_init(options?.seed);
  }

  protected answer({ last_hidden_state }: ModelOutput, given: Given): Record<string, Tensor> {
    return this.qa_outputs(last_hidden_state, given, this.config);
  }
}
