import { slidingSight, slidingTypes } from '../layertypes.ts';
import { LlamaDecoderLayer, LlamaStack } from '../llama.ts';
import { rotaryOf } from '../rotary.ts';
import type { Qwen2Config } from './config.ts';
import { QWEN2 } from './family.ts';

/**
 * The bare decoder, as `transformers.Qwen2Model`, with biases of queries, keys and values. Answers (last_hidden_state [batch, sequence, hidden]),
 * followed by hidden_states and attentions where the config asks for them.
 */
export class Qwen2Model extends LlamaStack {
  static override readonly family = QWEN2;
  declare readonly config: Qwen2Config;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: Qwen2Config, options: { seed?: number } = {}) {
    super(config, options, () => ({
      makeLayer: () => new LlamaDecoderLayer(config, { qkv_bias: true }),
      types: slidingTypes(config),
      sightOf: (type) => slidingSight(type, config, rotaryOf(config)),
    }));
  }
}
