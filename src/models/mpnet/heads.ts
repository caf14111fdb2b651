import * as F from '../../nn/functional.ts';
import {
  ForFirstTokenClassification,
  ForMaskedLM,
  ForMultipleChoice,
  ForQuestionAnswering,
  ForTokenClassification,
  type HeadOptions,
} from '../heads.ts';
import type { MPNetConfig } from './config.ts';
import { MPNET } from './family.ts';
import { MPNetModel } from './model.ts';

/** The base model of a head, which most do without the pooler. */
const encoder = (config: MPNetConfig, add_pooling_layer: boolean) => (): MPNetModel => new MPNetModel(config, { add_pooling_layer });

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class MPNetForMaskedLM extends ForMaskedLM<MPNetModel> {
  static override readonly family = MPNET;
  declare readonly config: MPNetConfig;
  declare mpnet: MPNetModel;

  constructor(config: MPNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}

/** A score for every label: (logits [batch, num_labels]). */
export class MPNetForSequenceClassification extends ForFirstTokenClassification<MPNetModel> {
  static override readonly family = MPNET;
  declare readonly config: MPNetConfig;
  declare mpnet: MPNetModel;

  constructor(config: MPNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false), F.tanh);
  }
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class MPNetForMultipleChoice extends ForMultipleChoice<MPNetModel> {
  static override readonly family = MPNET;
  declare readonly config: MPNetConfig;
  declare mpnet: MPNetModel;

  constructor(config: MPNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, true));
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class MPNetForTokenClassification extends ForTokenClassification<MPNetModel> {
  static override readonly family = MPNET;
  declare readonly config: MPNetConfig;
  declare mpnet: MPNetModel;

  constructor(config: MPNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class MPNetForQuestionAnswering extends ForQuestionAnswering<MPNetModel> {
  static override readonly family = MPNET;
  declare readonly config: MPNetConfig;
  declare mpnet: MPNetModel;

  constructor(config: MPNetConfig, options: HeadOptions = {}) {
    super(config, options, encoder(config, false));
  }
}
