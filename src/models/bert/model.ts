import type { Tensor } from '../../tensor/tensor.ts';
import { EncoderModel, type PoolerOptions, type Tokens, WITH_POOLER } from '../encoder.ts';
import type { Encoded, Mask } from '../layers.ts';
import type { BertConfig } from './config.ts';
import { BertEmbeddings, BertEncoder, BertPooler } from './encoder.ts';
import { BERT } from './family.ts';

/**
 * The bare encoder, as `transformers.BertModel`. Answers (last_hidden_state [batch, sequence, hidden], pooler_output
 * [batch, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class BertModel extends EncoderModel {
  static override readonly family = BERT;
  static override readonly head = 'Model';
  static override readonly OPTIONS = WITH_POOLER;
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

  protected encoded({ input_ids, token_type_ids, position_ids }: Tokens, mask: Mask): Encoded {
    return this.encoder(this.embeddings(input_ids, token_type_ids, position_ids), mask, this.config.output_attentions);
  }

  protected override pooled(last_hidden_state: Tensor): Tensor | undefined {
    return this.pooler?.(last_hidden_state);
  }
}
