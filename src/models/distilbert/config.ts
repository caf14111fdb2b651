import { core, DEVIATION, FLAG, idle, LAYER_COUNT, oneOf, orNull, PROBABILITY, SIZE, seldom, WHOLE } from '../../base/schema.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, type FamilyFields } from '../fields.ts';

const FIELDS = {
  vocab_size: core(30522, SIZE),
  max_position_embeddings: core(512, SIZE),
  sinusoidal_pos_embds: idle(core(false, FLAG), 'told'),
  n_layers: core(6, LAYER_COUNT),
  n_heads: core(12, SIZE),
  dim: core(768, SIZE),
  hidden_dim: core(3072, SIZE),
  dropout: idle(core(0.1, PROBABILITY), 'told'),
  attention_dropout: idle(core(0.1, PROBABILITY), 'told'),
  activation: core('gelu', ACTIVATION),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  qa_dropout: idle(core(0.1, PROBABILITY), 'told'),
  seq_classif_dropout: idle(core(0.2, PROBABILITY), 'told'),
  pad_token_id: core<number | null>(0, orNull(WHOLE)),
  tie_weights_: idle(seldom(true, oneOf([true], 'tie_word_embeddings says whether the decoder is tied')), 'told'),
};

const names = Object.keys(FIELDS);

const DISTILBERT: FamilyFields<typeof FIELDS> = {
  model_type: 'distilbert',
  fields: FIELDS,
  aliases: { hidden_size: 'dim', num_attention_heads: 'n_heads', num_hidden_layers: 'n_layers' },
  positional: names.slice(0, names.indexOf('initializer_range') + 1),
  matrices: [
    ['vocab_size', 'dim'],
    ['max_position_embeddings', 'dim'],
    ['dim', 'dim'],
    ['hidden_dim', 'dim'],
    ['num_labels', 'dim'],
  ],
  sizes: ['n_layers', 'dim', 'hidden_dim', 'vocab_size', 'max_position_embeddings'],
  weights({ n_layers, dim, hidden_dim, vocab_size, max_position_embeddings }) {
    return dim * (vocab_size + max_position_embeddings + n_layers * (4 * dim + 2 * hidden_dim));
  },
};

/** What a {@link DistilBertConfig} is made from: any of its fields. */
export type DistilBertConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a DistilBERT, as `transformers.DistilBertConfig`. */
export class DistilBertConfig extends configOf(DISTILBERT) {}
