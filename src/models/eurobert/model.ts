import { ModuleList } from '../../nn/containers.ts';
import { Embedding, RMSNorm } from '../../nn/layers.ts';
import { EncoderModel, type Tokens } from '../encoder.ts';
import type { Encoded, Mask } from '../layers.ts';
import { LlamaDecoderLayer } from '../llama.ts';
import { headDim, RotaryEmbedding, ropeIn, rowsOfPositions, runTurned } from '../rotary.ts';
import type { EuroBertConfig } from './config.ts';
import { EUROBERT } from './family.ts';

/**
 * The bare encoder, as `transformers.EuroBertModel`: layers of Llama that see all tokens. Answers (last_hidden_state [batch, sequence, hidden]),
 * followed by hidden_states and attentions where the config asks for them.
 */
export class EuroBertModel extends EncoderModel {
  static override readonly family = EUROBERT;
  static override readonly head = 'Model';
  declare readonly config: EuroBertConfig;
  embed_tokens: Embedding;
  layers: ModuleList<LlamaDecoderLayer>;
  norm: RMSNorm;
  rotary: RotaryEmbedding;

  /** Fresh weights follow from `seed` alone, the same in every runtime. */
  constructor(config: EuroBertConfig, options: { seed?: number } = {}) {
    super(config, options);
    this.embed_tokens = new Embedding(config.vocab_size, config.hidden_size, { padding_idx: config.pad_token_id });
    this.layers = new ModuleList(Array.from({ length: config.num_hidden_layers }, () => new LlamaDecoderLayer(config)));
    this.norm = new RMSNorm(config.hidden_size, { eps: config.rms_norm_eps });
    this.rotary = new RotaryEmbedding(ropeIn(config), headDim(config));
    this.post_init(options?.seed);
  }

  protected encoded({ input_ids, position_ids }: Tokens, mask: Mask): Encoded {
    const rotation = this.rotary(rowsOfPositions(position_ids, input_ids.shape));
    const attending = { mask, rotation, output_attentions: this.config.output_attentions };
    const { hidden_states, attentions } = runTurned(this.layers, this.embed_tokens(input_ids), attending);
    return { hidden_states: hidden_states.with(-1, this.norm(hidden_states[hidden_states.length - 1])), attentions };
  }
}
