import {
  COUNT,
  core,
  DEVIATION,
  FLAG,
  idle,
  LAYER_COUNT,
  nullAs,
  orNull,
  other,
  PROBABILITY,
  SIZE,
  TOKENS,
  WHOLE,
} from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, activationOf, bad, COMMON, type FamilyFields } from '../fields.ts';

type TokenIds = number | readonly number[] | null;

const FIELDS = {
  vocab_size: core(50265, SIZE),
  max_position_embeddings: core(1024, SIZE),
  encoder_layers: core(12, LAYER_COUNT),
  encoder_ffn_dim: core(4096, SIZE),
  encoder_attention_heads: core(16, SIZE),
  decoder_layers: core(12, LAYER_COUNT),
  decoder_ffn_dim: core(4096, SIZE),
  decoder_attention_heads: core(16, SIZE),
  encoder_layerdrop: idle(core(0, PROBABILITY), 'told'),
  decoder_layerdrop: idle(core(0, PROBABILITY), 'told'),
  activation_function: core('gelu', ACTIVATION),
  d_model: core(1024, SIZE),
  dropout: idle(core(0.1, PROBABILITY), 'told'),
  attention_dropout: idle(core(0, PROBABILITY), 'told'),
  activation_dropout: idle(core(0, PROBABILITY), 'told'),
  init_std: idle(core(0.02, DEVIATION), 'told'),
  classifier_dropout: idle(core(0, PROBABILITY), 'told'),
  scale_embedding: core(false, nullAs(false, FLAG)),
  use_cache: idle(core(true, FLAG), 'silent'),
  pad_token_id: core<number | null>(1, orNull(WHOLE)),
  bos_token_id: idle(core<TokenIds>(0, orNull(TOKENS)), 'silent'),
  eos_token_id: core<TokenIds>(2, orNull(TOKENS)),
  is_encoder_decoder: core(true, nullAs(true, FLAG)),
  decoder_start_token_id: core<number | null>(2, orNull(COUNT)),
  forced_eos_token_id: idle(other<TokenIds>(2, orNull(TOKENS)), 'silent'),
  is_decoder: idle(other<boolean>(false, nullAs(false, FLAG)), 'silent'),
  num_labels: { ...COMMON.num_labels, default: 3 },
};

const names = Object.keys(FIELDS);

const BART: FamilyFields<typeof FIELDS> = {
  model_type: 'bart',
  fields: FIELDS,
  aliases: {
    hidden_size: 'd_model',
    num_attention_heads: 'encoder_attention_heads',
    num_hidden_layers: 'encoder_layers',
    initializer_range: 'init_std',
  },
  positional: names.slice(0, names.indexOf('forced_eos_token_id') + 1),
  matrices: [
    ['vocab_size', 'd_model'],
    ['max_position_embeddings', 'd_model'],
    ['d_model', 'd_model'],
    ['encoder_ffn_dim', 'd_model'],
    ['decoder_ffn_dim', 'd_model'],
    ['num_labels', 'd_model'],
  ],
  sizes: [
    ...(['encoder_layers', 'd_model', 'encoder_ffn_dim', 'decoder_layers', 'decoder_ffn_dim'] as const),
    ...(['vocab_size', 'max_position_embeddings'] as const),
  ],
  weights({ vocab_size, max_position_embeddings, encoder_layers, encoder_ffn_dim, decoder_layers, decoder_ffn_dim, d_model }) {
    const layers = encoder_layers * (4 * d_model + 2 * encoder_ffn_dim) + decoder_layers * (8 * d_model + 2 * decoder_ffn_dim);
    return d_model * (vocab_size + 2 * max_position_embeddings + layers);
  },
};

/** What a {@link BartConfig} is made from: any of its fields. */
export type BartConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a BART, as `transformers.BartConfig`. */
export class BartConfig extends configOf(BART) {
  /** The op that `activation_function` names. */
  get activation(): string {
    return activationOf(this.activation_function);
  }
}

/** What a side of the model is made from. */
export interface BartSide {
  layers: number;
  ffn_dim: number;
  heads: number;
}

export const encoderSide = ({ encoder_layers, encoder_ffn_dim, encoder_attention_heads }: BartConfig): BartSide => ({
  layers: encoder_layers,
  ffn_dim: encoder_ffn_dim,
  heads: encoder_attention_heads,
});

/** Throws a `config` error for heads that do not divide d_model. */
export function decoderSide({ decoder_layers, decoder_ffn_dim, decoder_attention_heads: heads, d_model }: BartConfig): BartSide {
  if (d_model % heads !== 0) throw bad('d_model', 'BartConfig', `a multiple of decoder_attention_heads ${heads}`, `${d_model}`);
  return { layers: decoder_layers, ffn_dim: decoder_ffn_dim, heads };
}
