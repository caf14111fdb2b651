import { core, FLAG, idle, nullAs, orNull, POSITIVE, SIZE, seldom } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, type FamilyFields } from '../fields.ts';
import { LAYER_TYPES, type LayerType, ROPES, type Ropes, typesOfLayers } from '../layertypes.ts';
import { DECODER_COUNTS, decoderFields, positionsWith } from '../llamaconfig.ts';
import { ROPE, type SettledRope, type StatedRope, settled } from '../rotary.ts';

const FIELDS = {
  ...decoderFields({
    vocab_size: 262208,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    max_position_embeddings: 131072,
    pad_token_id: 0,
    bos_token_id: 2,
    eos_token_id: 1,
    tie_word_embeddings: true,
  }),
  hidden_activation: core('gelu_pytorch_tanh', ACTIVATION),
  attention_bias: core(false, FLAG),
  query_pre_attn_scalar: core(256, POSITIVE),
  sliding_window: core<number | null>(4096, orNull(SIZE)),
  sliding_window_pattern: seldom(6, SIZE),
  layer_types: seldom<readonly LayerType[] | null>(null, orNull(LAYER_TYPES)),
  use_bidirectional_attention: core(false, nullAs(false, FLAG)),
  final_logit_softcapping: core<number | null>(null, orNull(POSITIVE)),
  attn_logit_softcapping: idle(core<number | null>(null, orNull(POSITIVE)), 'silent'),
  rope_parameters: seldom<Ropes | null>(null, orNull(ROPES)),
  rope_theta: seldom(1_000_000, POSITIVE),
  rope_local_base_freq: seldom(10_000, POSITIVE),
  rope_scaling: seldom<StatedRope | null>(null, orNull(ROPE)),
};

const GEMMA3: FamilyFields<typeof FIELDS> = {
  ...DECODER_COUNTS,
  model_type: 'gemma3_text',
  fields: FIELDS,
  aliases: {},
  positional: positionsWith('head_dim', 'hidden_activation'),
};

/** What a {@link Gemma3TextConfig} is made from: any of its fields. */
export type Gemma3TextConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of the text model of Gemma 3, as `transformers.Gemma3TextConfig`. */
export class Gemma3TextConfig extends configOf(GEMMA3) {}

/** Whether each layer attends to all tokens or to those nearby. Throws a `config` error where they are not as many as the layers. */
export const layerTypes = (config: Gemma3TextConfig): readonly LayerType[] =>
  typesOfLayers(config, (i) => ((i + 1) % config.sliding_window_pattern === 0 ? 'full_attention' : 'sliding_attention'));

/** How positions turn queries and keys in layers of a type. `rope_scaling` of older files is of those that see all tokens. */
export function ropeIn(config: Gemma3TextConfig, type: LayerType): SettledRope {
  const { rope_parameters, rope_scaling, rope_theta, rope_local_base_freq, max_position_embeddings: most } = config;
  const stated = rope_parameters?.[type];
  if (type === 'sliding_attention') return settled(stated, rope_local_base_freq, most);
  return settled(rope_scaling ? { ...stated, ...rope_scaling } : stated, rope_theta, most);
}
