import { core, DEVIATION, idle, LAYER_COUNT, orNull, other, POSITIVE, PROBABILITY, SIZE, WHOLE } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { CAUSAL, type FamilyFields } from '../fields.ts';
import { GPT_ALIASES } from '../gpt2/config.ts';

const FIELDS = {
  vocab_size: core(246534, SIZE),
  n_positions: core(256, SIZE),
  n_embd: core(1280, SIZE),
  dff: core(8192, SIZE),
  n_layer: core(48, LAYER_COUNT),
  n_head: core(16, SIZE),
  resid_pdrop: idle(core(0.1, PROBABILITY), 'told'),
  embd_pdrop: idle(core(0.1, PROBABILITY), 'told'),
  layer_norm_epsilon: core(1e-6, POSITIVE),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  ...CAUSAL,
  pad_token_id: other<number | null>(null, orNull(WHOLE)),
};

const CTRL: FamilyFields<typeof FIELDS> = {
  model_type: 'ctrl',
  fields: FIELDS,
  aliases: GPT_ALIASES,
  positional: [...Object.keys(FIELDS).slice(0, 10), 'use_cache'],
  matrices: [
    ['vocab_size', 'n_embd'],
    ['n_positions', 'n_embd'],
    ['n_embd', 'n_embd'],
    ['dff', 'n_embd'],
    ['num_labels', 'n_embd'],
  ],
  sizes: ['n_layer', 'n_embd', 'dff', 'vocab_size', 'n_positions'],
  weights: ({ n_layer, n_embd, dff, vocab_size, n_positions }) => n_embd * (vocab_size + n_positions + n_layer * (4 * n_embd + 2 * dff)),
};

/** What a {@link CTRLConfig} is made from: any of its fields. */
export type CTRLConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a CTRL, as `transformers.CTRLConfig`. */
export class CTRLConfig extends configOf(CTRL) {}
