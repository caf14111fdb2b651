import { PooledModel, type PoolerOptions } from '../encoder.ts';
import type { BertConfig } from './config.ts';
import { BertEmbeddings, BertEncoder, BertPooler } from './encoder.ts';
import { BERT } from './family.ts';

/**
 * The bare encoder, as `transformers.BertModel`. Answers (last_hidden_state [batch, sequence, hidden], pooler_output
 * [batch, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class BertModel extends PooledModel {
  static override readonly family = BERT;
  static override readonly head = 'Model';
  declare readonly config: BertConfig;
  embeddings: BertEmbeddings;
  encoder: BertEncoder;
  pooler: BertPooler | null;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: BertConfig, options: PoolerOptions = {}) {
    super(config, options);
    this.embeddings = new BertEmbeddings(config, config.hidden_size);
    this.encoder = new BertEncoder(config);
    this.pooler = options?.add_pooling_layer === false ? null : new BertPooler(config);
    this.post_init(options?.seed);
  }
}
