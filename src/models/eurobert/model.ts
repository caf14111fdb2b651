import { everywhere } from '../layertypes.ts';
import { LlamaDecoderLayer, LlamaStack } from '../llama.ts';
import { rotaryOf } from '../rotary.ts';
import type { EuroBertConfig } from './config.ts';
import { EUROBERT } from './family.ts';

/**
 * The bare encoder, as `transformers.EuroBertModel`: layers of Llama that see all tokens. Answers (last_hidden_state [batch, sequence, hidden]),
 * followed by hidden_states and attentions where the config asks for them.
 */
export class EuroBertModel extends LlamaStack {
  static override readonly family = EUROBERT;
  declare readonly config: EuroBertConfig;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: EuroBertConfig, options: { seed?: number } = {}) {
    super(config, options, () => ({
      makeLayer: () => new LlamaDecoderLayer(config),
      types: everywhere('full_attention', config),
      sightOf: () => ({ rotary: rotaryOf(config) }),
    }));
  }
}
