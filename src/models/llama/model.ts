import { causalSight, everywhere } from '../layertypes.ts';
import { LlamaDecoderLayer, LlamaStack } from '../llama.ts';
import { rotaryOf } from '../rotary.ts';
import type { LlamaConfig } from './config.ts';
import { LLAMA } from './family.ts';

/**
 * The bare decoder, as `transformers.LlamaModel`. Answers (last_hidden_state [batch, sequence, hidden]), followed by hidden_states and attentions
 * where the config asks for them.
 */
export class LlamaModel extends LlamaStack {
  static override readonly family = LLAMA;
  declare readonly config: LlamaConfig;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: LlamaConfig, options: { seed?: number } = {}) {
    super(config, options, () => ({
      makeLayer: () => new LlamaDecoderLayer(config),
      types: everywhere('full_attention', config),
      sightOf: (type) => causalSight(type, null, rotaryOf(config)),
    }));
  }
}
