import { COUNT, core, FLAG, idle, type Kind, oneOf, orNull, PROBABILITY, SIZE, seldom, WHOLE } from '../../base/schema.ts';
import { BERT_FIELDS } from '../bert/config.ts';
import { type ConfigOptions, configOf } from '../config.ts';
import { ACTIVATION, activationOf, bad, type FamilyFields, type Values } from '../fields.ts';

/** Which products with positions scores have: of queries, of keys. */
const TERMS = ['c2p', 'p2c'];

/** A list, or what older files say: names between bars. */
const ATTENDED: Kind<readonly string[]> = {
  expected: `a list of ${TERMS.join(' and ')}, each once at most`,
  read(value) {
    const names: unknown = typeof value === 'string' ? value.split('|').map((name) => name.trim().toLowerCase()) : value;
    const known = Array.isArray(names) && names.every((name) => TERMS.includes(name)) && new Set(names).size === names.length;
    return known ? names : undefined;
  },
};

const { position_embedding_type: _, classifier_dropout: __, use_cache: ___, ...BERT } = BERT_FIELDS.fields;

const FIELDS = {
  ...BERT,
  vocab_size: core(50265, SIZE),
  type_vocab_size: core(0, COUNT),
  layer_norm_eps: core(1e-7, BERT.layer_norm_eps),
  relative_attention: core(false, FLAG),
  max_relative_positions: core(-1, WHOLE),
  position_biased_input: core(true, FLAG),
  pos_att_type: core<readonly string[] | null>(null, orNull(ATTENDED)),
  pooler_dropout: idle(core(0, PROBABILITY), 'told'),
  pooler_hidden_act: core('gelu', ACTIVATION),
  legacy: core(true, FLAG),
  pooler_hidden_size: seldom<number | null>(null, orNull(SIZE)),
  embedding_size: seldom<number | null>(null, orNull(SIZE)),
  cls_dropout: idle(seldom<number | null>(null, orNull(PROBABILITY)), 'told'),
  talking_head: seldom(false, oneOf([false], 'Heads that talk to one another do not run here')),
};

type Sizes = Values<typeof FIELDS>;

/** How far positions in attention reach. */
export const furthestOf = ({ max_relative_positions: most, max_position_embeddings }: Sizes): number =>
  most < 1 ? max_position_embeddings : most;

/** Which terms of positions scores have. */
export const termsOf = ({ relative_attention, pos_att_type }: Sizes): readonly string[] => (relative_attention && pos_att_type) || [];

/** Elements of all matrices, with so many for terms of positions and embeddings of so many distances on each side. */
export function withPositions(config: Sizes, { length }: readonly string[], distances: number): number {
  const { hidden_size, num_hidden_layers, max_position_embeddings, relative_attention } = config;
  const rows = relative_attention ? 2 * (distances + max_position_embeddings) : 0;
  return BERT_FIELDS.weights(config as never) + hidden_size * (rows + length * num_hidden_layers * hidden_size);
}

/** What a DeBERTa says of its configuration. */
export const DEBERTA_FIELDS: FamilyFields<typeof FIELDS> = {
  model_type: 'deberta',
  fields: FIELDS,
  aliases: {},
  positional: [
    ...BERT_FIELDS.positional,
    ...['relative_attention', 'max_relative_positions', 'pad_token_id', 'bos_token_id', 'eos_token_id', 'position_biased_input'],
    ...['pos_att_type', 'pooler_dropout', 'pooler_hidden_act', 'legacy', 'tie_word_embeddings'],
  ],
  matrices: [
    ...BERT_FIELDS.matrices,
    ['vocab_size', 'embedding_size'],
    ['hidden_size', 'embedding_size'],
    ['max_relative_positions', 'hidden_size'],
  ],
  sizes: ['num_hidden_layers', 'hidden_size', 'intermediate_size', 'vocab_size', 'max_position_embeddings', 'max_relative_positions'],
  weights: (config) => withPositions(config, termsOf(config), furthestOf(config)),
};

/** What a {@link DebertaConfig} is made from: any of its fields. */
export type DebertaConfigOptions = ConfigOptions<typeof FIELDS>;

/** The shape of a DeBERTa, as `transformers.DebertaConfig`. */
export class DebertaConfig extends configOf(DEBERTA_FIELDS) {
  /** The op that `hidden_act` names. */
  get activation(): string {
    return activationOf(this.hidden_act);
  }
}

/** What products of queries and keys are multiplied by: sums of more terms are made smaller. */
export const scaleOf = ({ pos_att_type, hidden_size, num_attention_heads }: Sizes): number =>
  1 / Math.sqrt((hidden_size / num_attention_heads) * (1 + (pos_att_type?.length ?? 0)));

/** Throws a `config` error where a size that transformers lets a file say is not that of hidden states. */
export function checkWidth(config: Sizes, name: 'pooler_hidden_size' | 'embedding_size', what: string): void {
  const { hidden_size, [name]: width } = config;
  if (width !== null && width !== hidden_size) throw bad(name, what, `hidden_size ${hidden_size}`, `${width}`);
}
