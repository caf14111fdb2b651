import { core, DEVIATION, FLAG, idle, LAYER_COUNT, orNull, other, POSITIVE, PROBABILITY, SIZE, TOKENS, WHOLE } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, activationOf, CAUSAL, type FamilyFields } from '../fields.ts';
import { SUMMARY_FIELDS, type SummaryType } from '../summary.ts';

type TokenIds = number | readonly number[] | null;

/** Sizes as GPT, GPT-2 and CTRL call them. */
export const GPT_ALIASES = {
  hidden_size: 'n_embd',
  max_position_embeddings: 'n_positions',
  num_attention_heads: 'n_head',
  num_hidden_layers: 'n_layer',
} as const;

const FIELDS = {
  vocab_size: core(50257, SIZE),
  n_positions: core(1024, SIZE),
  n_embd: core(768, SIZE),
  n_layer: core(12, LAYER_COUNT),
  n_head: core(12, SIZE),
  n_inner: core<number | null>(null, orNull(SIZE)),
  activation_function: core('gelu_new', ACTIVATION),
  resid_pdrop: idle(core(0.1, PROBABILITY), 'told'),
  embd_pdrop: idle(core(0.1, PROBABILITY), 'told'),
  attn_pdrop: idle(core(0.1, PROBABILITY), 'told'),
  layer_norm_epsilon: core(1e-5, POSITIVE),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  ...SUMMARY_FIELDS,
  summary_type: { ...SUMMARY_FIELDS.summary_type, default: 'cls_index' as SummaryType },
  scale_attn_weights: core(true, FLAG),
  ...CAUSAL,
  bos_token_id: idle(core<TokenIds>(50256, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(core<TokenIds>(50256, orNull(TOKENS)), 'silent'),
  pad_token_id: other<number | null>(null, orNull(WHOLE)),
  scale_attn_by_inverse_layer_idx: core(false, FLAG),
  reorder_and_upcast_attn: idle(core(false, FLAG), 'told'),
};

const GPT2: FamilyFields<typeof FIELDS> = {
  model_type: 'gpt2',
  fields: FIELDS,
  aliases: GPT_ALIASES,
  positional: [
    ...['vocab_size', 'n_positions', 'n_embd', 'n_layer', 'n_head', 'n_inner', 'activation_function', 'resid_pdrop', 'embd_pdrop'],
    ...['attn_pdrop', 'layer_norm_epsilon', 'initializer_range', 'summary_type', 'summary_use_proj', 'summary_activation'],
    ...['summary_proj_to_labels', 'summary_first_dropout', 'scale_attn_weights', 'use_cache', 'bos_token_id', 'eos_token_id'],
    ...['scale_attn_by_inverse_layer_idx', 'reorder_and_upcast_attn'],
  ],
  matrices: [
    ['vocab_size', 'n_embd'],
    ['n_positions', 'n_embd'],
    ['n_embd', 'n_embd'],
    ['n_inner', 'n_embd'],
    ['num_labels', 'n_embd'],
  ],
  sizes: ['n_layer', 'n_embd', 'n_inner', 'vocab_size', 'n_positions'],
  weights: ({ n_layer, n_embd, n_inner, vocab_size, n_positions }) =>
    n_embd * (vocab_size + n_positions + n_layer * (4 * n_embd + 2 * (n_inner ?? 4 * n_embd))),
};

/** What a {@link GPT2Config} is made from: any of its fields. */
export type GPT2ConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a GPT-2, as `transformers.GPT2Config`. */
export class GPT2Config extends configOf(GPT2) {
  /** The op that `activation_function` names. */
  get activation(): string {
    return activationOf(this.activation_function);
  }
}
