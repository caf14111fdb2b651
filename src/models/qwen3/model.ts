import { RMSNorm } from '../../nn/layers.ts';
import { slidingSight, slidingTypes } from '../layertypes.ts';
import { LlamaDecoderLayer, LlamaStack } from '../llama.ts';
import { rotaryOf } from '../rotary.ts';
import type { Qwen3Config } from './config.ts';
import { QWEN3 } from './family.ts';

/**
 * The bare decoder, as `transformers.Qwen3Model`, whose heads of queries and keys are normalised. Answers (last_hidden_state [batch, sequence, hidden]),
 * followed by hidden_states and attentions where the config asks for them.
 */
export class Qwen3Model extends LlamaStack {
  static override readonly family = QWEN3;
  declare readonly config: Qwen3Config;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: Qwen3Config, options: { seed?: number } = {}) {
    super(config, options, () => ({
      makeLayer: () => new LlamaDecoderLayer(config, { makeHeadNorm: (size) => new RMSNorm(size, { eps: config.rms_norm_eps }) }),
      types: slidingTypes(config),
      sightOf: (type) => slidingSight(type, config, rotaryOf(config)),
    }));
  }
}
