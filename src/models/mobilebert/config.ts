import { core, FLAG, idle, LAYER_COUNT, oneOf, orNull, other, PROBABILITY, SIZE } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, activationOf, bad, type FamilyFields } from '../fields.ts';

const { classifier_dropout: _, ...BERT } = BERT_FIELDS.fields;

const FIELDS = {
  ...BERT,
  hidden_size: core(512, SIZE),
  num_hidden_layers: core(24, LAYER_COUNT),
  num_attention_heads: core(4, SIZE),
  intermediate_size: core(512, SIZE),
  hidden_act: core('relu', ACTIVATION),
  hidden_dropout_prob: idle(core(0, PROBABILITY), 'told'),
  embedding_size: core(128, SIZE),
  trigram_input: core(true, FLAG),
  use_bottleneck: core(true, FLAG),
  intra_bottleneck_size: core(128, SIZE),
  use_bottleneck_attention: core(false, FLAG),
  key_query_shared_bottleneck: core(true, FLAG),
  num_feedforward_networks: core(4, LAYER_COUNT),
  normalization_type: core<'no_norm' | 'layer_norm'>('no_norm', oneOf(['no_norm', 'layer_norm'])),
  classifier_activation: core(true, FLAG),
  classifier_dropout: idle(other<number | null>(null, orNull(PROBABILITY)), 'told'),
};

const names = Object.keys(FIELDS);

/** The field that says how wide layers are inside. */
const insideOf = ({ use_bottleneck }: { use_bottleneck: boolean }) => (use_bottleneck ? 'intra_bottleneck_size' : 'hidden_size');

const MOBILEBERT: FamilyFields<typeof FIELDS> = {
  ...BERT_FIELDS,
  model_type: 'mobilebert',
  fields: FIELDS,
  positional: [...BERT_FIELDS.positional, 'pad_token_id', ...names.slice(names.indexOf('embedding_size'))],
  matrices: [
    ...BERT_FIELDS.matrices,
    ['vocab_size', 'embedding_size'],
    ['hidden_size', 'embedding_size'],
    ['hidden_size', 'intra_bottleneck_size'],
    ['intermediate_size', 'intra_bottleneck_size'],
  ],
  sizes: [...BERT_FIELDS.sizes, 'embedding_size', 'intra_bottleneck_size', 'num_feedforward_networks'],
  weights(config) {
    const { hidden_size, embedding_size, vocab_size, max_position_embeddings, type_vocab_size, num_hidden_layers } = config;
    const { intermediate_size, num_feedforward_networks, use_bottleneck } = config;
    const inside = config[insideOf(config)];
    const rows = max_position_embeddings + type_vocab_size + 3 * embedding_size;
    const feed = 2 * num_feedforward_networks * inside * intermediate_size;
    const layer = inside * (3 * inside + hidden_size + (use_bottleneck ? 3 * hidden_size : 0)) + feed;
    return vocab_size * embedding_size + hidden_size * rows + num_hidden_layers * layer;
  },
  headed: insideOf,
  check({ use_bottleneck, use_bottleneck_attention, key_query_shared_bottleneck, hidden_size, intra_bottleneck_size }, origin) {
    if (!use_bottleneck || use_bottleneck_attention || key_query_shared_bottleneck || intra_bottleneck_size === hidden_size) return;
    const needed = `true where hidden_size ${hidden_size} is not intra_bottleneck_size ${intra_bottleneck_size}`;
    throw bad('key_query_shared_bottleneck', origin, needed, 'false', 'Or set use_bottleneck_attention');
  },
};

/** What a {@link MobileBertConfig} is made from: any of its fields. */
export type MobileBertConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a MobileBERT, as `transformers.MobileBertConfig`. */
export class MobileBertConfig extends configOf(MOBILEBERT) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }

  /** How wide layers are inside. */
  get true_hidden_size(): number {
    return this[insideOf(this)];
  }
}
