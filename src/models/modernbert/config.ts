import {
  core,
  DEVIATION,
  FLAG,
  idle,
  LAYER_COUNT,
  oneOf,
  orNull,
  other,
  POSITIVE,
  PROBABILITY,
  SIZE,
  seldom,
  TOKENS,
  WHOLE,
} from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, type FamilyFields } from '../fields.ts';
import { LAYER_TYPES, type LayerType, ROPES, type Ropes, typesOfLayers } from '../layertypes.ts';
import { ROPE, type SettledRope, type StatedRope, settled } from '../rotary.ts';

const FIELDS = {
  vocab_size: core(50368, SIZE),
  hidden_size: core(768, SIZE),
  intermediate_size: core(1152, SIZE),
  num_hidden_layers: core(22, LAYER_COUNT),
  num_attention_heads: core(12, SIZE),
  hidden_activation: core('gelu', ACTIVATION),
  max_position_embeddings: core(8192, SIZE),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  initializer_cutoff_factor: idle(core(2, POSITIVE), 'told'),
  norm_eps: core(1e-5, POSITIVE),
  norm_bias: core(false, FLAG),
  pad_token_id: core<number | null>(50283, orNull(WHOLE)),
  cls_token_id: idle(core<number | readonly number[] | null>(50281, orNull(TOKENS)), 'silent'),
  sep_token_id: idle(core<number | readonly number[] | null>(50282, orNull(TOKENS)), 'silent'),
  attention_bias: core(false, FLAG),
  attention_dropout: idle(core(0, PROBABILITY), 'told'),
  layer_types: seldom<readonly LayerType[] | null>(null, orNull(LAYER_TYPES)),
  global_attn_every_n_layers: core(3, SIZE),
  rope_parameters: seldom<Ropes | null>(null, orNull(ROPES)),
  global_rope_theta: seldom(160_000, POSITIVE),
  local_rope_theta: seldom<number | null>(10_000, orNull(POSITIVE)),
  rope_scaling: seldom<StatedRope | null>(null, orNull(ROPE)),
  local_attention: core(128, SIZE),
  sliding_window: seldom<number | null>(null, orNull(SIZE)),
  embedding_dropout: idle(core(0, PROBABILITY), 'told'),
  mlp_bias: core(false, FLAG),
  mlp_dropout: idle(core(0, PROBABILITY), 'told'),
  decoder_bias: core(true, FLAG),
  classifier_pooling: core<'cls' | 'mean'>('cls', oneOf(['cls', 'mean'])),
  classifier_dropout: idle(core(0, PROBABILITY), 'told'),
  classifier_bias: core(false, FLAG),
  classifier_activation: core('gelu', ACTIVATION),
  position_embedding_type: other('absolute', oneOf(['absolute', 'rope'])),
};

const MODERNBERT: FamilyFields<typeof FIELDS> = {
  model_type: 'modernbert',
  fields: FIELDS,
  aliases: {},
  positional: Object.keys(FIELDS).slice(0, 7),
  matrices: [
    ['vocab_size', 'hidden_size'],
    ['hidden_size', 'hidden_size'],
    ['intermediate_size', 'hidden_size'],
    ['num_labels', 'hidden_size'],
  ],
  sizes: ['num_hidden_layers', 'hidden_size', 'intermediate_size', 'vocab_size'],
  weights: ({ num_hidden_layers, hidden_size, intermediate_size, vocab_size }) =>
    hidden_size * (vocab_size + num_hidden_layers * (4 * hidden_size + 3 * intermediate_size)),
};

/** What a {@link ModernBertConfig} is made from: any of its fields. */
export type ModernBertConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a ModernBERT, as `transformers.ModernBertConfig`. */
export class ModernBertConfig extends configOf(MODERNBERT) {}

/** Whether each layer attends to all tokens or to those nearby. Throws a `config` error where they are not as many as the layers. */
export const layerTypes = (config: ModernBertConfig): readonly LayerType[] =>
  typesOfLayers(config, (i) => (i % config.global_attn_every_n_layers === 0 ? 'full_attention' : 'sliding_attention'));

/** How positions turn queries and keys in layers of a type, of which `rope_scaling` is of both. */
export function ropeIn(config: ModernBertConfig, type: LayerType): SettledRope {
  const { rope_parameters, rope_scaling, global_rope_theta, local_rope_theta, max_position_embeddings } = config;
  const theta = type === 'full_attention' ? global_rope_theta : (local_rope_theta ?? global_rope_theta);
  const stated = rope_parameters?.[type];
  return settled(rope_scaling ? { ...stated, ...rope_scaling } : stated, theta, max_position_embeddings);
}
