import { causalSight, everywhere } from '../layertypes.ts';
import { LlamaDecoderLayer, LlamaStack } from '../llama.ts';
import { rotaryOf } from '../rotary.ts';
import type { MistralConfig } from './config.ts';
import { MISTRAL } from './family.ts';

/**
 * The bare decoder, as `transformers.MistralModel`: all layers slide where the config has a sliding_window. Answers (last_hidden_state
 * [batch, sequence, hidden]), followed by hidden_states and attentions where the config asks for them.
 */
export class MistralModel extends LlamaStack {
  static override readonly family = MISTRAL;
  declare readonly config: MistralConfig;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: MistralConfig, options: { seed?: number } = {}) {
    super(config, options, () => ({
      makeLayer: () => new LlamaDecoderLayer(config),
      types: everywhere(config.sliding_window === null ? 'full_attention' : 'sliding_attention', config),
      sightOf: (type) => causalSight(type, config.sliding_window, rotaryOf(config)),
    }));
  }
}
