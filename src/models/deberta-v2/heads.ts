import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  DebertaForMaskedLM,
  DebertaForQuestionAnswering,
  DebertaForSequenceClassification,
  DebertaForTokenClassification,
} from '../deberta/heads.ts';
import { ContextPooler } from '../deberta/pooler.ts';
import { ForMultipleChoice, type HeadOptions } from '../heads.ts';
import type { PreTrainedModel } from '../pretrained.ts';
import type { DebertaV2Config } from './config.ts';
import { DEBERTA_V2 } from './family.ts';
import { DebertaV2Model } from './model.ts';

/** A score for every word at every position: (logits [batch, sequence, vocabulary]). */
export class DebertaV2ForMaskedLM extends DebertaForMaskedLM {
  static override readonly family = DEBERTA_V2;
  protected static override readonly Base = DebertaV2Model;
  declare readonly config: DebertaV2Config;
  declare deberta: DebertaV2Model;
}

/** A score for every label: (logits [batch, num_labels]). */
export class DebertaV2ForSequenceClassification extends DebertaForSequenceClassification {
  static override readonly family = DEBERTA_V2;
  protected static override readonly Base = DebertaV2Model;
  declare readonly config: DebertaV2Config;
  declare deberta: DebertaV2Model;
}

/** A score for every choice: inputs are [batch, choices, sequence], (logits [batch, choices]). */
export class DebertaV2ForMultipleChoice extends ForMultipleChoice<PreTrainedModel> {
  static override readonly family = DEBERTA_V2;
  declare readonly config: DebertaV2Config;
  declare deberta: DebertaV2Model;
  pooler: ContextPooler;

  constructor(config: DebertaV2Config, options: HeadOptions = {}) {
    super(config, options, () => new DebertaV2Model(config));
    this.pooler = new ContextPooler(config, 'DebertaV2ForMultipleChoice');
    this.post_init(options?.seed);
  }

  protected override summary({ last_hidden_state }: ModelOutput): Tensor {
    return this.pooler(last_hidden_state);
  }
}

/** A score for every label at every token: (logits [batch, sequence, num_labels]). */
export class DebertaV2ForTokenClassification extends DebertaForTokenClassification {
  static override readonly family = DEBERTA_V2;
  protected static override readonly Base = DebertaV2Model;
  declare readonly config: DebertaV2Config;
  declare deberta: DebertaV2Model;
}

/** Where the answer starts and ends: (start_logits, end_logits), each [batch, sequence]. */
export class DebertaV2ForQuestionAnswering extends DebertaForQuestionAnswering {
  static override readonly family = DEBERTA_V2;
  protected static override readonly Base = DebertaV2Model;
  declare readonly config: DebertaV2Config;
  declare deberta: DebertaV2Model;
}
