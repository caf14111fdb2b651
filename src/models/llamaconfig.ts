import {
  core,
  DEVIATION,
  FLAG,
  idle,
  LAYER_COUNT,
  nullAs,
  orNull,
  other,
  POSITIVE,
  PROBABILITY,
  SIZE,
  TOKENS,
  WHOLE,
} from '../base/schema.ts';
import { ACTIVATION, CAUSAL, type FieldTable, type Values } from './fields.ts';
import { ropeFields } from './rotary.ts';

type TokenIds = number | readonly number[] | null;

/** In what configurations of Llama and its kin differ from the start. */
interface Defaults {
  vocab_size: number;
  hidden_size: number;
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  num_key_value_heads: number | null;
  head_dim: number | null;
  max_position_embeddings: number;
  pad_token_id: number | null;
  bos_token_id: TokenIds;
  eos_token_id: TokenIds;
  tie_word_embeddings: boolean;
}

/** Fields that they all have. */
export const decoderFields = (of: Defaults) => ({
  vocab_size: core(of.vocab_size, SIZE),
  hidden_size: core(of.hidden_size, SIZE),
  intermediate_size: core(of.intermediate_size, SIZE),
  num_hidden_layers: core(of.num_hidden_layers, LAYER_COUNT),
  num_attention_heads: core(of.num_attention_heads, SIZE),
  num_key_value_heads: core(of.num_key_value_heads, orNull(SIZE)),
  head_dim: other(of.head_dim, orNull(SIZE)),
  max_position_embeddings: core(of.max_position_embeddings, SIZE),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  rms_norm_eps: core(1e-6, POSITIVE),
  ...CAUSAL,
  pad_token_id: core(of.pad_token_id, orNull(WHOLE)),
  bos_token_id: idle(other(of.bos_token_id, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other(of.eos_token_id, orNull(TOKENS)), 'silent'),
  tie_word_embeddings: other(of.tie_word_embeddings, nullAs(of.tie_word_embeddings, FLAG)),
  attention_dropout: idle(other<number | null>(0, orNull(PROBABILITY)), 'told'),
});

/** Fields of those whose layers turn all alike. */
export const llamaFields = (of: Defaults) => ({ ...decoderFields(of), hidden_act: core('silu', ACTIVATION), ...ropeFields(10_000) });

type Sized = Values<Pick<ReturnType<typeof decoderFields>, 'num_hidden_layers' | 'hidden_size' | 'intermediate_size' | 'vocab_size'>> &
  Values<Pick<ReturnType<typeof decoderFields>, 'num_attention_heads' | 'num_key_value_heads' | 'head_dim'>>;

/** What their matrices add up to. */
export const DECODER_COUNTS = {
  matrices: [
    ['vocab_size', 'hidden_size'],
    ['hidden_size', 'hidden_size'],
    ['intermediate_size', 'hidden_size'],
    ['num_labels', 'hidden_size'],
  ] as const,
  sizes: ['num_hidden_layers', 'hidden_size', 'intermediate_size', 'vocab_size'] as const,
  weights({ num_hidden_layers, hidden_size, intermediate_size, vocab_size, ...config }: Sized): number {
    const { num_attention_heads: heads, num_key_value_heads, head_dim } = config;
    const attention = 2 * (heads + (num_key_value_heads ?? heads)) * (head_dim ?? hidden_size / heads);
    return hidden_size * (vocab_size + num_hidden_layers * (attention + 3 * intermediate_size));
  },
};

/** Fields that their configurations take by position, up to `rms_norm_eps`, where `own` follow the numbers of heads. */
export const positionsWith = (...own: (keyof FieldTable)[]): readonly string[] => [
  ...['vocab_size', 'hidden_size', 'intermediate_size', 'num_hidden_layers', 'num_attention_heads', 'num_key_value_heads'],
  ...(own as string[]),
  ...['max_position_embeddings', 'initializer_range', 'rms_norm_eps'],
];
