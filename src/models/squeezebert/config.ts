import { core, SIZE } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { activationOf, bad, type FamilyFields } from '../fields.ts';

const FIELDS = {
  ...BERT_FIELDS.fields,
  embedding_size: core(768, SIZE),
  q_groups: core(4, SIZE),
  k_groups: core(4, SIZE),
  v_groups: core(4, SIZE),
  post_attention_groups: core(1, SIZE),
  intermediate_groups: core(4, SIZE),
  output_groups: core(4, SIZE),
};

/** Into how many products each convolution falls, and what it leads from and to. */
const GROUPS = {
  q_groups: ['hidden_size', 'hidden_size'],
  k_groups: ['hidden_size', 'hidden_size'],
  v_groups: ['hidden_size', 'hidden_size'],
  post_attention_groups: ['hidden_size', 'hidden_size'],
  intermediate_groups: ['hidden_size', 'intermediate_size'],
  output_groups: ['intermediate_size', 'hidden_size'],
} as const;

const SQUEEZEBERT: FamilyFields<typeof FIELDS> = {
  ...BERT_FIELDS,
  model_type: 'squeezebert',
  fields: FIELDS,
  positional: [...BERT_FIELDS.positional, 'pad_token_id', 'embedding_size', ...Object.keys(GROUPS)],
  weights(config) {
    const { num_hidden_layers, hidden_size, vocab_size, max_position_embeddings, type_vocab_size } = config;
    const groups = Object.entries(GROUPS) as [keyof typeof GROUPS, (typeof GROUPS)[keyof typeof GROUPS]][];
    const layer = groups.reduce((all, [count, [from, to]]) => all + (config[from] * config[to]) / config[count], 0);
    return hidden_size * (vocab_size + max_position_embeddings + type_vocab_size) + num_hidden_layers * layer;
  },
  check(config, origin) {
    const { embedding_size, hidden_size } = config;
    if (embedding_size !== hidden_size) throw bad('embedding_size', origin, `hidden_size ${hidden_size}`, `${embedding_size}`);
    for (const [name, sizes] of Object.entries(GROUPS))
      for (const size of sizes)
        if (config[size] % config[name as keyof typeof GROUPS] !== 0)
          throw bad(name, origin, `a divisor of ${size} ${config[size]}`, `${config[name as keyof typeof GROUPS]}`);
  },
};

/** What a {@link SqueezeBertConfig} is made from: any of its fields. */
export type SqueezeBertConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a SqueezeBERT, as `transformers.SqueezeBertConfig`. */
export class SqueezeBertConfig extends configOf(SQUEEZEBERT) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }
}
