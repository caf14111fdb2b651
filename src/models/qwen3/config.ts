import { core, FLAG } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import type { FamilyFields } from '../fields.ts';
import { slidingFields } from '../layertypes.ts';
import { DECODER_COUNTS, llamaFields, positionsWith } from '../llamaconfig.ts';

const FIELDS = {
  ...llamaFields({
    vocab_size: 151936,
    hidden_size: 4096,
    intermediate_size: 22016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    head_dim: 128,
    max_position_embeddings: 32768,
    pad_token_id: null,
    bos_token_id: null,
    eos_token_id: null,
    tie_word_embeddings: false,
  }),
  attention_bias: core(false, FLAG),
  ...slidingFields,
};

const QWEN3: FamilyFields<typeof FIELDS> = {
  ...DECODER_COUNTS,
  model_type: 'qwen3',
  fields: FIELDS,
  aliases: {},
  positional: positionsWith('head_dim', 'hidden_act'),
};

/** What a {@link Qwen3Config} is made from: any of its fields. */
export type Qwen3ConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a Qwen 3, as `transformers.Qwen3Config`. */
export class Qwen3Config extends configOf(QWEN3) {}
