import { core, DEVIATION, idle, LAYER_COUNT, oneOf, orNull, other, POSITIVE, PROBABILITY, SIZE, WHOLE } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { CAUSAL, type FamilyFields } from '../fields.ts';
import { GPT_ALIASES } from '../gpt2/config.ts';
import { SUMMARY_FIELDS, type SummaryType } from '../summary.ts';

/** The op that each name of an activation stands for: `gelu` is the one with tanh. */
const ACTIVATIONS = { relu: 'relu', silu: 'silu', gelu: 'gelu_new', swish: 'silu' } as const;
type Activation = keyof typeof ACTIVATIONS;

const FIELDS = {
  vocab_size: core(40478, SIZE),
  n_positions: core(512, SIZE),
  n_embd: core(768, SIZE),
  n_layer: core(12, LAYER_COUNT),
  n_head: core(12, SIZE),
  afn: core<Activation>('gelu', oneOf(Object.keys(ACTIVATIONS) as Activation[])),
  resid_pdrop: idle(core(0.1, PROBABILITY), 'told'),
  embd_pdrop: idle(core(0.1, PROBABILITY), 'told'),
  attn_pdrop: idle(core(0.1, PROBABILITY), 'told'),
  layer_norm_epsilon: core(1e-5, POSITIVE),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  ...SUMMARY_FIELDS,
  summary_type: { ...SUMMARY_FIELDS.summary_type, default: 'cls_index' as SummaryType },
  ...CAUSAL,
  pad_token_id: other<number | null>(null, orNull(WHOLE)),
};

const OPENAI_GPT: FamilyFields<typeof FIELDS> = {
  model_type: 'openai-gpt',
  fields: FIELDS,
  aliases: GPT_ALIASES,
  positional: Object.keys(FIELDS).slice(0, Object.keys(FIELDS).indexOf('summary_first_dropout') + 1),
  matrices: [
    ['vocab_size', 'n_embd'],
    ['n_positions', 'n_embd'],
    ['n_embd', 'n_embd'],
    ['num_labels', 'n_embd'],
  ],
  sizes: ['n_layer', 'n_embd', 'vocab_size', 'n_positions'],
  weights: ({ n_layer, n_embd, vocab_size, n_positions }) => n_embd * (vocab_size + n_positions + n_layer * 12 * n_embd),
};

/** What an {@link OpenAIGPTConfig} is made from: any of its fields. */
export type OpenAIGPTConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a GPT, as `transformers.OpenAIGPTConfig`. */
export class OpenAIGPTConfig extends configOf(OPENAI_GPT) {
  /** The op that `afn` names. */
  get activation(): string {
    return ACTIVATIONS[this.afn];
  }
}
