import { Module } from '../../nn/module.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Decoded } from '../seq2seq.ts';
import type { BartConfig } from './config.ts';
import { type Attending, BartDecoder, type BartScaledWordEmbedding } from './layers.ts';

/** A decoder with words of its own. */
class BartDecoderAlone extends BartDecoder {
  declare embed_tokens: BartScaledWordEmbedding;

  constructor(config: BartConfig) {
    super(config, true);
  }
}

/** The decoder under the name that it has beside an encoder. */
export class BartDecoderWrapper extends Module<[Tensor, Attending], Decoded> {
  decoder: BartDecoderAlone;

  constructor(config: BartConfig) {
    super();
    this.decoder = new BartDecoderAlone(config);
  }

  forward(ids: Tensor, attending: Attending): Decoded {
    return this.decoder({ ids, embedded: this.decoder.embed_tokens(ids) }, attending);
  }
}
