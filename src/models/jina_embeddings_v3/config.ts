import { core, idle, LAYER_COUNT, oneOf, orNull, other, POSITIVE, SIZE, TOKENS, WHOLE } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import type { FamilyFields } from '../fields.ts';
import { ropeFields } from '../rotary.ts';

type TokenIds = number | readonly number[] | null;

const FIELDS = {
  ...BERT_FIELDS.fields,
  vocab_size: core(250002, SIZE),
  hidden_size: core(1024, SIZE),
  num_hidden_layers: core(24, LAYER_COUNT),
  num_attention_heads: core(16, SIZE),
  intermediate_size: core(4096, SIZE),
  max_position_embeddings: core(8194, SIZE),
  type_vocab_size: core(1, SIZE),
  layer_norm_eps: core(1e-5, POSITIVE),
  pad_token_id: core<number | null>(1, orNull(WHOLE)),
  bos_token_id: idle(other<TokenIds>(0, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other<TokenIds>(2, orNull(TOKENS)), 'silent'),
  position_embedding_type: other('rotary', oneOf(['absolute', 'rotary', 'rope'])),
  ...ropeFields(20_000),
};

const JINA: FamilyFields<typeof FIELDS> = {
  ...BERT_FIELDS,
  model_type: 'jina_embeddings_v3',
  fields: FIELDS,
  matrices: BERT_FIELDS.matrices.filter(([rows]) => rows !== 'max_position_embeddings'),
};

/** What a {@link JinaEmbeddingsV3Config} is made from: any of its fields. */
export type JinaEmbeddingsV3ConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a Jina v3, as `transformers.JinaEmbeddingsV3Config`. */
export class JinaEmbeddingsV3Config extends configOf(JINA) {}
