import {
  XLMForMultipleChoice,
  XLMForQuestionAnswering,
  XLMForQuestionAnsweringSimple,
  XLMForSequenceClassification,
  XLMForTokenClassification,
  XLMWithLMHeadModel,
} from '../xlm/heads.ts';
import type { FlaubertConfig } from './config.ts';
import { FLAUBERT } from './family.ts';
import { FlaubertModel } from './model.ts';

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class FlaubertWithLMHeadModel extends XLMWithLMHeadModel {
  static override readonly family = FLAUBERT;
  protected static override readonly Base = FlaubertModel;
  declare readonly config: FlaubertConfig;
}

/** A score for every label: (logits [batch, num_labels]). */
export class FlaubertForSequenceClassification extends XLMForSequenceClassification {
  static override readonly family = FLAUBERT;
  protected static override readonly Base = FlaubertModel;
  declare readonly config: FlaubertConfig;
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). It takes no `lengths`. */
export class FlaubertForMultipleChoice extends XLMForMultipleChoice {
  static override readonly family = FLAUBERT;
  protected static override readonly Base = FlaubertModel;
  declare readonly config: FlaubertConfig;
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class FlaubertForTokenClassification extends XLMForTokenClassification {
  static override readonly family = FLAUBERT;
  protected static override readonly Base = FlaubertModel;
  declare readonly config: FlaubertConfig;
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class FlaubertForQuestionAnsweringSimple extends XLMForQuestionAnsweringSimple {
  static override readonly family = FLAUBERT;
  protected static override readonly Base = FlaubertModel;
  declare readonly config: FlaubertConfig;
}

/**
 * Where answers start and end, found by a beam: (start_top_log_probs and start_top_index [batch, start_n_top], end_top_log_probs and end_top_index
 * [batch, start_n_top · end_n_top], cls_logits [batch]). Texts have at least as many tokens as the beam is wide.
 */
export class FlaubertForQuestionAnswering extends XLMForQuestionAnswering {
  static override readonly family = FLAUBERT;
  protected static override readonly Base = FlaubertModel;
  declare readonly config: FlaubertConfig;
}
