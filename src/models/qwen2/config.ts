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
    head_dim: null,
    max_position_embeddings: 32768,
    pad_token_id: null,
    bos_token_id: null,
    eos_token_id: null,
    tie_word_embeddings: false,
  }),
  ...slidingFields,
};

const QWEN2: FamilyFields<typeof FIELDS> = {
  ...DECODER_COUNTS,
  model_type: 'qwen2',
  fields: FIELDS,
  aliases: {},
  positional: positionsWith('hidden_act'),
};

/** What a {@link Qwen2Config} is made from: any of its fields. */
export type Qwen2ConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a Qwen 2, as `transformers.Qwen2Config`. */
export class Qwen2Config extends configOf(QWEN2) {}
