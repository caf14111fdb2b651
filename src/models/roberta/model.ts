import * as F from '../../nn/functional.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { BertEmbeddings } from '../bert/encoder.ts';
import { BertModel } from '../bert/model.ts';
import type { PoolerOptions } from '../encoder.ts';
import type { RobertaConfig } from './config.ts';
import { ROBERTA } from './family.ts';

/**
 * The bare encoder, as `transformers.RobertaModel`: BERT's, with positions that count along the tokens that are not padding. Answers
 * (last_hidden_state [batch, sequence, hidden], pooler_output [batch, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class RobertaModel extends BertModel {
  static override readonly family = ROBERTA;
  declare readonly config: RobertaConfig;

  constructor(config: RobertaConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new BertEmbeddings(config, config.hidden_size, config.pad_token_id);
    this.post_init(options?.seed);
  }

  protected override positionsOf(input_ids: Tensor): Tensor {
    return F.positions(input_ids, this.config.pad_token_id);
  }
}
