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
  seldom,
  TOKENS,
  WHOLE,
} from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, activationOf, bad, type FamilyFields } from '../fields.ts';
import { SUMMARY_FIELDS, SUMMARY_LAST_DROPOUT, type SummaryType } from '../summary.ts';

type TokenIds = number | readonly number[] | null;

/** Texts have no positions that end somewhere; this is what memory takes. */
const MOST_TOKENS = 1 << 16;

const { summary_type, summary_use_proj, summary_activation } = SUMMARY_FIELDS;

const FIELDS = {
  vocab_size: core(32000, SIZE),
  d_model: core(1024, SIZE),
  n_layer: core(24, LAYER_COUNT),
  n_head: core(16, SIZE),
  d_inner: core(4096, SIZE),
  ff_activation: core('gelu', ACTIVATION),
  attn_type: core<'bi' | 'uni'>('bi', oneOf(['bi', 'uni'])),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  layer_norm_eps: core(1e-12, POSITIVE),
  dropout: idle(core(0.1, PROBABILITY), 'told'),
  d_head: other<number | null>(null, orNull(SIZE)),
  mem_len: other<number | null>(512, orNull(COUNT)),
  reuse_len: other<number | null>(null, orNull(COUNT)),
  use_mems_eval: other(true, FLAG),
  use_mems_train: idle(other(false, FLAG), 'silent'),
  bi_data: core(false, oneOf([false], 'Batches of which the second half runs backwards are those of pre-training')),
  clamp_len: core(-1, WHOLE),
  same_length: core(false, FLAG),
  summary_type: { ...summary_type, default: 'last' as SummaryType },
  summary_use_proj,
  summary_activation: { ...summary_activation, default: 'tanh' as string | null },
  summary_proj_to_labels: seldom(false, oneOf([false], 'Labels are scored behind the summary')),
  summary_last_dropout: SUMMARY_LAST_DROPOUT,
  start_n_top: other(5, SIZE),
  end_n_top: other(5, SIZE),
  pad_token_id: core<number | null>(5, orNull(WHOLE)),
  bos_token_id: idle(other<TokenIds>(1, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other<TokenIds>(2, orNull(TOKENS)), 'silent'),
};

const names = Object.keys(FIELDS);

const XLNET: FamilyFields<typeof FIELDS> = {
  model_type: 'xlnet',
  fields: FIELDS,
  aliases: { hidden_size: 'd_model', num_attention_heads: 'n_head', num_hidden_layers: 'n_layer', n_token: 'vocab_size' },
  positional: names.slice(0, names.indexOf('dropout') + 1),
  matrices: [
    ['vocab_size', 'd_model'],
    ['d_model', 'd_model'],
    ['d_inner', 'd_model'],
    ['num_labels', 'd_model'],
  ],
  sizes: ['n_layer', 'd_model', 'd_inner', 'vocab_size'],
  weights({ n_layer, d_model, d_inner, vocab_size }) {
    return d_model * (vocab_size + n_layer * (5 * d_model + 2 * d_inner));
  },
};

/** What an {@link XLNetConfig} is made from: any of its fields. */
export type XLNetConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of an XLNet, as `transformers.XLNetConfig`. */
export class XLNetConfig extends configOf(XLNET) {
  constructor(...args: readonly unknown[]) {
    super(...(args as [number, ...unknown[]]));
    const { d_model, d_head, n_head } = this;
    if (d_head !== null && d_head !== d_model / n_head)
      throw bad('d_head', 'XLNetConfig', `d_model / n_head = ${d_model / n_head}`, `${d_head}`, 'Leave it out');
    if (d_model % 2 !== 0) throw bad('d_model', 'XLNetConfig', 'an even number, for sines and cosines', `${d_model}`);
  }

  /** The op that `ff_activation` names. */
  get activation(): string {
    return activationOf(this.ff_activation);
  }

  override most_tokens(): number {
    return MOST_TOKENS;
  }
}
