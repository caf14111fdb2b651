import {
  RobertaForCausalLM,
  RobertaForMaskedLM,
  RobertaForMultipleChoice,
  RobertaForQuestionAnswering,
  RobertaForSequenceClassification,
  RobertaForTokenClassification,
} from '../roberta/heads.ts';
import type { CamembertConfig } from './config.ts';
import { CAMEMBERT } from './family.ts';
import { CamembertModel } from './model.ts';

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class CamembertForMaskedLM extends RobertaForMaskedLM {
  static override readonly family = CAMEMBERT;
  protected static override readonly Base = CamembertModel;
  declare readonly config: CamembertConfig;
}

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). A decoder where `is_decoder` says so. */
export class CamembertForCausalLM extends RobertaForCausalLM {
  static override readonly family = CAMEMBERT;
  protected static override readonly Base = CamembertModel;
  declare readonly config: CamembertConfig;
}

/** A score for every label: (logits [batch, num_labels]). */
export class CamembertForSequenceClassification extends RobertaForSequenceClassification {
  static override readonly family = CAMEMBERT;
  protected static override readonly Base = CamembertModel;
  declare readonly config: CamembertConfig;
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class CamembertForMultipleChoice extends RobertaForMultipleChoice {
  static override readonly family = CAMEMBERT;
  protected static override readonly Base = CamembertModel;
  declare readonly config: CamembertConfig;
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class CamembertForTokenClassification extends RobertaForTokenClassification {
  static override readonly family = CAMEMBERT;
  protected static override readonly Base = CamembertModel;
  declare readonly config: CamembertConfig;
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class CamembertForQuestionAnswering extends RobertaForQuestionAnswering {
  static override readonly family = CAMEMBERT;
  protected static override readonly Base = CamembertModel;
  declare readonly config: CamembertConfig;
}
