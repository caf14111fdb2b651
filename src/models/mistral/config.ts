import { core, orNull, SIZE } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import type { FamilyFields } from '../fields.ts';
import { DECODER_COUNTS, llamaFields, positionsWith } from '../llamaconfig.ts';

const FIELDS = {
  ...llamaFields({
    vocab_size: 32000,
    hidden_size: 4096,
    intermediate_size: 14336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: null,
    max_position_embeddings: 131072,
    pad_token_id: null,
    bos_token_id: 1,
    eos_token_id: 2,
    tie_word_embeddings: false,
  }),
  sliding_window: core<number | null>(4096, orNull(SIZE)),
};

const MISTRAL: FamilyFields<typeof FIELDS> = {
  ...DECODER_COUNTS,
  model_type: 'mistral',
  fields: FIELDS,
  aliases: {},
  positional: positionsWith('head_dim', 'hidden_act'),
};

/** What a {@link MistralConfig} is made from: any of its fields. */
export type MistralConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a Mistral, as `transformers.MistralConfig`. */
export class MistralConfig extends configOf(MISTRAL) {}
