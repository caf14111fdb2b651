import * as F from '../../nn/functional.ts';
import {
  ForFirstTokenClassification,
  ForMaskedLM,
  ForMultipleChoice,
  ForQuestionAnswering,
  ForTokenClassification,
  type HeadOptions,
  tellBothSides,
} from '../heads.ts';
import type { RobertaConfig } from './config.ts';
import { ROBERTA } from './family.ts';
import { RobertaModel } from './model.ts';

/** Makes the base model of a head, which most do without the pooler. */
const encoder = (Base: typeof RobertaModel, config: RobertaConfig, add_pooling_layer: boolean) => (): RobertaModel =>
  new Base(config, { add_pooling_layer });

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class RobertaForMaskedLM extends ForMaskedLM<RobertaModel> {
  static override readonly family = ROBERTA;
  protected static readonly Base = RobertaModel;
  declare readonly config: RobertaConfig;
  declare roberta: RobertaModel;

  constructor(config: RobertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config, false));
  }
}

/** A score for every word that may come next, at every position: (logits [batch, sequence, vocabulary]). A decoder where `is_decoder` says so. */
export class RobertaForCausalLM extends RobertaForMaskedLM {
  static override readonly head = 'ForCausalLM';

  constructor(config: RobertaConfig, options: HeadOptions = {}) {
    super(config, options);
    tellBothSides(this);
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class RobertaForSequenceClassification extends ForFirstTokenClassification<RobertaModel> {
  static override readonly family = ROBERTA;
  protected static readonly Base = RobertaModel;
  declare readonly config: RobertaConfig;
  declare roberta: RobertaModel;

  constructor(config: RobertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config, false), F.tanh);
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class RobertaForMultipleChoice extends ForMultipleChoice<RobertaModel> {
  static override readonly family = ROBERTA;
  protected static readonly Base = RobertaModel;
  declare readonly config: RobertaConfig;
  declare roberta: RobertaModel;

  constructor(config: RobertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config, true));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class RobertaForTokenClassification extends ForTokenClassification<RobertaModel> {
  static override readonly family = ROBERTA;
  protected static readonly Base = RobertaModel;
  declare readonly config: RobertaConfig;
  declare roberta: RobertaModel;

  constructor(config: RobertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config, false));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class RobertaForQuestionAnswering extends ForQuestionAnswering<RobertaModel> {
  static override readonly family = ROBERTA;
  protected static readonly Base = RobertaModel;
  declare readonly config: RobertaConfig;
  declare roberta: RobertaModel;

  constructor(config: RobertaConfig, options: HeadOptions = {}) {
    super(config, options, encoder(new.target.Base, config, false));
  }
}
