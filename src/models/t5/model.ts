import { TraceletError } from '../../base/error.ts';
import { Embedding } from '../../nn/layers.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import type { HeadOptions } from '../heads.ts';
import type { Encoded, Mask, Source } from '../layers.ts';
import { type Decoded, Seq2SeqModel } from '../seq2seq.ts';
import type { T5Config } from './config.ts';
import { T5, T5_ENCODER } from './family.ts';
import { T5Stack } from './stack.ts';

/**
 * The encoder alone, as `transformers.T5EncoderModel`. Answers (last_hidden_state [batch, sequence, hidden]), followed by hidden_states and
 * attentions where the config asks for them.
 */
export class T5EncoderModel extends EncoderModel {
  static override readonly family = T5_ENCODER;
  static override readonly head = 'ForTextEncoding';
  declare readonly config: T5Config;
  shared: Embedding;
  encoder: T5Stack;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: T5Config, options: HeadOptions = {}) {
    super(config, options);
    this.shared = new Embedding(config.vocab_size, config.d_model);
    this.encoder = new T5Stack(config, false);
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids }: Tokens, mask: Mask): Encoded {
    return this.encoder(this.shared(input_ids), mask, this.config.output_attentions);
  }
}

/**
 * Encoder and decoder, as `transformers.T5Model`. Answers (last_hidden_state [batch, decoder_sequence, hidden], decoder_hidden_states,
 * decoder_attentions, cross_attentions, encoder_last_hidden_state [batch, sequence, hidden], encoder_hidden_states, encoder_attentions), those of
 * layers where the config asks for them. Throws `value` errors without decoder_input_ids.
 */
export class T5Model extends Seq2SeqModel {
  static override readonly family = T5;
  static override readonly head: string = 'Model';
  declare readonly config: T5Config;
  shared: Embedding;
  encoder: T5Stack;
  decoder: T5Stack;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: T5Config, options: HeadOptions = {}) {
    super(config, options);
    this.shared = new Embedding(config.vocab_size, config.d_model);
    this.encoder = new T5Stack(config, false);
    this.decoder = new T5Stack(config, true);
    this.post_init(options?.seed);
  }

  protected encoded(input_ids: Tensor, mask: Mask): Encoded {
    return this.encoder(this.shared(input_ids), mask, this.config.output_attentions);
  }

  protected decoded(decoder_input_ids: Tensor, mask: Mask, source: Source): Decoded {
    return this.decoder(this.shared(decoder_input_ids), mask, this.config.output_attentions, source);
  }

  protected decoderIdsOf(_input_ids: Tensor): Tensor {
    throw new TraceletError('value', {
      what: `${this.constructor.name}: decoder_input_ids`,
      expected: 'the tokens of the decoder so far, beginning with decoder_start_token_id',
      got: 'nothing',
    });
  }
}
