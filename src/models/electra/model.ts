import { Linear } from '../../nn/layers.ts';
import { BertEmbeddings, BertEncoder } from '../bert/encoder.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import type { Encoded, Mask, Source } from '../layers.ts';
import type { ElectraConfig } from './config.ts';
import { ELECTRA } from './family.ts';

/**
 * The bare encoder, as `transformers.ElectraModel`: BERT's, over embeddings of a size of their own, without a pooler. Answers
 * (last_hidden_state [batch, sequence, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class ElectraModel extends EncoderModel {
  static override readonly family = ELECTRA;
  static override readonly head = 'Model';
  declare readonly config: ElectraConfig;
  embeddings: BertEmbeddings;
  /** Absent where embeddings are as wide as hidden states. */
  embeddings_project?: Linear;
  encoder: BertEncoder;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: ElectraConfig, options: { seed?: number } = {}) {
    super(config, options);
    const { embedding_size, hidden_size } = config;
    this.embeddings = new BertEmbeddings(config, embedding_size);
    if (embedding_size !== hidden_size) this.embeddings_project = new Linear(embedding_size, hidden_size);
    this.encoder = new BertEncoder(config);
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, token_type_ids, position_ids }: Tokens, mask: Mask, source?: Source): Encoded {
    const embeddings = this.embeddings(input_ids, token_type_ids, position_ids);
    return this.encoder(this.embeddings_project?.(embeddings) ?? embeddings, mask, this.config.output_attentions, source);
  }
}
