import {
  COUNT,
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
  TOKENS,
  WHOLE,
} from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import type { FamilyFields } from '../fields.ts';
import { SUMMARY_FIELDS } from '../summary.ts';

type TokenIds = number | readonly number[] | null;

const FIELDS = {
  vocab_size: core(30145, SIZE),
  emb_dim: core(2048, SIZE),
  n_layers: core(12, LAYER_COUNT),
  n_heads: core(16, SIZE),
  dropout: idle(core(0.1, PROBABILITY), 'told'),
  attention_dropout: idle(core(0.1, PROBABILITY), 'told'),
  gelu_activation: core(true, FLAG),
  sinusoidal_embeddings: idle(core(false, FLAG), 'told'),
  causal: core(false, FLAG),
  asm: core(false, oneOf([false], 'Words are scored by a product here, not by an adaptive softmax')),
  n_langs: core(1, SIZE),
  use_lang_emb: core(true, FLAG),
  max_position_embeddings: core(512, SIZE),
  embed_init_std: idle(core(2048 ** -0.5, DEVIATION), 'told'),
  layer_norm_eps: core(1e-12, POSITIVE),
  init_std: idle(core(0.02, DEVIATION), 'told'),
  unk_index: idle(other(3, COUNT), 'silent'),
  mask_index: idle(other(5, COUNT), 'silent'),
  is_encoder: core(true, oneOf([true], 'Only encoders run here')),
  ...SUMMARY_FIELDS,
  start_n_top: other(5, SIZE),
  end_n_top: other(5, SIZE),
  mask_token_id: idle(other<number | null>(0, orNull(COUNT)), 'silent'),
  lang_id: idle(other<number | null>(0, orNull(COUNT)), 'silent'),
  pad_token_id: core<number | null>(2, orNull(WHOLE)),
  bos_token_id: idle(other<TokenIds>(0, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other<TokenIds>(1, orNull(TOKENS)), 'silent'),
};

const names = Object.keys(FIELDS);

/** What an XLM says of its configuration. */
export const XLM_FIELDS: FamilyFields<typeof FIELDS> = {
  model_type: 'xlm',
  fields: FIELDS,
  aliases: {
    hidden_size: 'emb_dim',
    num_attention_heads: 'n_heads',
    num_hidden_layers: 'n_layers',
    initializer_range: 'init_std',
    n_words: 'vocab_size',
    bos_index: 'bos_token_id',
    eos_index: 'eos_token_id',
    pad_index: 'pad_token_id',
  },
  positional: names.slice(0, names.indexOf('init_std') + 1),
  matrices: [
    ['vocab_size', 'emb_dim'],
    ['max_position_embeddings', 'emb_dim'],
    ['n_langs', 'emb_dim'],
    ['emb_dim', 'emb_dim'],
    ['num_labels', 'emb_dim'],
  ],
  sizes: ['n_layers', 'emb_dim', 'vocab_size', 'max_position_embeddings', 'n_langs'],
  weights({ n_layers, emb_dim, vocab_size, max_position_embeddings, n_langs }) {
    return emb_dim * (vocab_size + max_position_embeddings + n_langs + 12 * n_layers * emb_dim);
  },
};

/** What an {@link XLMConfig} is made from: any of its fields. */
export type XLMConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of an XLM, as `transformers.XLMConfig`. */
export class XLMConfig extends configOf(XLM_FIELDS) {}
