import type { Tensor } from '../../tensor/tensor.ts';
import type { HeadOptions } from '../heads.ts';
import type { Encoded, Mask, Source } from '../layers.ts';
import { type Decoded, Seq2SeqModel, shiftedRight } from '../seq2seq.ts';
import type { BartConfig } from './config.ts';
import { BART } from './family.ts';
import { BartDecoder, BartEncoder, BartScaledWordEmbedding } from './layers.ts';

/**
 * Encoder and decoder, as `transformers.BartModel`. Answers (last_hidden_state [batch, decoder_sequence, hidden], decoder_hidden_states,
 * decoder_attentions, cross_attentions, encoder_last_hidden_state [batch, sequence, hidden], encoder_hidden_states, encoder_attentions), those of
 * layers where the config asks for them. Without decoder_input_ids the decoder is given input_ids, moved one place on. Where words are not tied, both sides
 * have embeddings of their own, and `shared` is read by nothing.
 */
export class BartModel extends Seq2SeqModel {
  static override readonly family = BART;
  static override readonly head = 'Model';
  declare readonly config: BartConfig;
  shared: BartScaledWordEmbedding;
  encoder: BartEncoder;
  decoder: BartDecoder;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: BartConfig, options: HeadOptions = {}) {
    super(config, options);
    this.shared = new BartScaledWordEmbedding(config);
    this.encoder = new BartEncoder(config);
    this.decoder = new BartDecoder(config);
    this.post_init(options?.seed);
  }

  protected encoded(ids: Tensor, mask: Mask): Encoded {
    const { output_attentions } = this.config;
    return this.encoder({ ids, embedded: (this.encoder.embed_tokens ?? this.shared)(ids) }, { mask, output_attentions });
  }

  protected decoded(ids: Tensor, mask: Mask, source: Source): Decoded {
    const { output_attentions } = this.config;
    return this.decoder(
      { ids, embedded: (this.decoder.embed_tokens ?? this.shared)(ids) },
      { mask, is_causal: true, output_attentions },
      source,
    );
  }

  protected decoderIdsOf(input_ids: Tensor): Tensor {
    return shiftedRight(input_ids, this.config);
  }
}
