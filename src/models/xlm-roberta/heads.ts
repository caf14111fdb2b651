import {
  RobertaForCausalLM,
  RobertaForMaskedLM,
  RobertaForMultipleChoice,
  RobertaForQuestionAnswering,
  RobertaForSequenceClassification,
  RobertaForTokenClassification,
} from '../roberta/heads.ts';
import type { XLMRobertaConfig } from './config.ts';
import { XLM_ROBERTA } from './family.ts';
import { XLMRobertaModel } from './model.ts';

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class XLMRobertaForMaskedLM extends RobertaForMaskedLM {
  static override readonly family = XLM_ROBERTA;
  protected static override readonly Base = XLMRobertaModel;
  declare readonly config: XLMRobertaConfig;
}

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). A decoder where `is_decoder` says so. */
export class XLMRobertaForCausalLM extends RobertaForCausalLM {
  static override readonly family = XLM_ROBERTA;
  protected static override readonly Base = XLMRobertaModel;
  declare readonly config: XLMRobertaConfig;
}

/** A score for every label: (logits [batch, num_labels]). */
export class XLMRobertaForSequenceClassification extends RobertaForSequenceClassification {
  static override readonly family = XLM_ROBERTA;
  protected static override readonly Base = XLMRobertaModel;
  declare readonly config: XLMRobertaConfig;
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class XLMRobertaForMultipleChoice extends RobertaForMultipleChoice {
  static override readonly family = XLM_ROBERTA;
  protected static override readonly Base = XLMRobertaModel;
  declare readonly config: XLMRobertaConfig;
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class XLMRobertaForTokenClassification extends RobertaForTokenClassification {
  static override readonly family = XLM_ROBERTA;
  protected static override readonly Base = XLMRobertaModel;
  declare readonly config: XLMRobertaConfig;
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class XLMRobertaForQuestionAnswering extends RobertaForQuestionAnswering {
  static override readonly family = XLM_ROBERTA;
  protected static override readonly Base = XLMRobertaModel;
  declare readonly config: XLMRobertaConfig;
}
