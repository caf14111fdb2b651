import { core, FLAG, idle, orNull, other, SIZE } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import type { FamilyFields } from '../fields.ts';
import { DECODER_COUNTS, llamaFields, positionsWith } from '../llamaconfig.ts';

const FIELDS = {
  ...llamaFields({
    vocab_size: 32000,
    hidden_size: 4096,
    intermediate_size: 11008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: null,
    head_dim: null,
    max_position_embeddings: 2048,
    pad_token_id: null,
    bos_token_id: 1,
    eos_token_id: 2,
    tie_word_embeddings: false,
  }),
  pretraining_tp: idle(other<number | null>(1, orNull(SIZE)), 'silent'),
  attention_bias: core(false, FLAG),
  mlp_bias: core(false, FLAG),
};

const LLAMA: FamilyFields<typeof FIELDS> = {
  ...DECODER_COUNTS,
  model_type: 'llama',
  fields: FIELDS,
  aliases: {},
  positional: positionsWith('hidden_act'),
};

/** What a {@link LlamaConfig} is made from: any of its fields. */
export type LlamaConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a Llama, as `transformers.LlamaConfig`. */
export class LlamaConfig extends configOf(LLAMA) {}
