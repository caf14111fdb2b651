import { core, idle, type Kind, oneOf, orNull, other, PROBABILITY, SIZE, seldom } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, type FamilyFields } from '../fields.ts';
import { ropeFields } from '../rotary.ts';

/** Published files name the gate and its activation as one. */
const GATED: Readonly<Record<string, string>> = { swiglu: 'silu', geglu: 'gelu' };
const GATE: Kind<string> = { ...ACTIVATION, read: (value) => ACTIVATION.read(GATED[value as string] ?? value) };

const PLAIN = 'Only the encoder of nomic-embed-text v1 and v1.5 runs here';
const without = seldom(false, oneOf([false], PLAIN));

const FIELDS = {
  ...BERT_FIELDS.fields,
  hidden_act: core('silu', GATE),
  hidden_dropout_prob: idle(core(0, PROBABILITY), 'told'),
  attention_probs_dropout_prob: idle(core(0, PROBABILITY), 'told'),
  max_position_embeddings: core(2048, SIZE),
  head_dim: seldom<number | null>(null, orNull(SIZE)),
  position_embedding_type: other('rope', oneOf(['absolute', 'rope'])),
  ...ropeFields(1000),
  rotary_emb_fraction: seldom(1, oneOf([1], PLAIN)),
  rotary_emb_interleaved: without,
  prenorm: without,
  qkv_proj_bias: without,
  mlp_fc1_bias: without,
  mlp_fc2_bias: without,
  causal: without,
};

const NOMIC: FamilyFields<typeof FIELDS> = {
  ...BERT_FIELDS,
  model_type: 'nomic_bert',
  fields: FIELDS,
  aliases: {
    n_embd: 'hidden_size',
    n_layer: 'num_hidden_layers',
    n_head: 'num_attention_heads',
    n_inner: 'intermediate_size',
    n_positions: 'max_position_embeddings',
    activation_function: 'hidden_act',
    layer_norm_epsilon: 'layer_norm_eps',
    rotary_emb_base: 'rope_theta',
  },
  matrices: BERT_FIELDS.matrices.filter(([rows]) => rows !== 'max_position_embeddings'),
  weights: ({ num_hidden_layers, hidden_size, intermediate_size, vocab_size }) =>
    hidden_size * (vocab_size + num_hidden_layers * (4 * hidden_size + 3 * intermediate_size)),
};

/** What a {@link NomicBertConfig} is made from: any of its fields. */
export type NomicBertConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a NomicBERT, as `transformers.NomicBertConfig`. */
export class NomicBertConfig extends configOf(NOMIC) {}
