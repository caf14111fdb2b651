import { TraceletError } from '../base/error.ts';
import { copyOf, describe, type JsonObject } from '../base/json.ts';
import { ANY, type OptionTable } from '../base/options.ts';
import {
  ANY_LABELS,
  COUNT,
  core,
  DEVIATION,
  EMPTY,
  type Field,
  FLAG,
  idle,
  type Kind,
  LABEL_COUNT,
  LABEL_COUNT_OR_NONE,
  LABEL_IDS,
  LABELS,
  LAYER_COUNT,
  MAX_SIZE,
  NAMES,
  nullAs,
  oneOf,
  orNull,
  other,
  POSITIVE,
  PROBABILITY,
  SIZE,
  seldom,
  TEXT,
  TOKENS,
  WHOLE,
} from '../base/schema.ts';
import { type OnWarn, warn } from '../base/warn.ts';
import { ACTIVATIONS } from '../ops/table.ts';

/** Spellings of `transformers` for activations that are ops under another name: the same function of real numbers. */
export const ACTIVATION_ALIASES: Readonly<Record<string, string>> = {
  gelu_python: 'gelu',
  gelu_pytorch_tanh: 'gelu_new',
  gelu_python_tanh: 'gelu_new',
  gelu_accurate: 'gelu_new',
  gelu_fast: 'gelu_new',
  swish: 'silu',
};
const HIDDEN_ACTS = [...ACTIVATIONS, ...Object.keys(ACTIVATION_ALIASES)];

const ENCODER = 'Only encoders run here';
const PLAIN = 'Only the plain BERT of `transformers` runs here';

/** Every field that is known, in the order of `transformers`. */
export const FIELDS = {
  model_type: core('bert', nullAs('bert', oneOf(['bert'], PLAIN))),
  vocab_size: core(30522, SIZE),
  hidden_size: core(768, SIZE),
  num_hidden_layers: core(12, LAYER_COUNT),
  num_attention_heads: core(12, SIZE),
  intermediate_size: core(3072, SIZE),
  hidden_act: core('gelu', oneOf(HIDDEN_ACTS)),
  hidden_dropout_prob: idle(core(0.1, PROBABILITY), 'told'),
  attention_probs_dropout_prob: idle(core(0.1, PROBABILITY), 'told'),
  max_position_embeddings: core(512, SIZE),
  type_vocab_size: core(2, SIZE),
  initializer_range: idle(core(0.02, DEVIATION), 'told'),
  layer_norm_eps: core(1e-12, POSITIVE),
  pad_token_id: core(0, orNull(WHOLE)),
  position_embedding_type: other('absolute', nullAs('absolute', oneOf(['absolute'], PLAIN))),
  classifier_dropout: idle(other(null, orNull(PROBABILITY)), 'told'),
  use_cache: idle(other(true, FLAG), 'silent'),
  is_decoder: other(false, nullAs(false, oneOf([false], ENCODER))),
  is_encoder_decoder: other(false, nullAs(false, oneOf([false], ENCODER))),
  add_cross_attention: other(false, nullAs(false, oneOf([false], ENCODER))),
  bos_token_id: idle(other(null, orNull(TOKENS)), 'silent'),
  eos_token_id: idle(other(null, orNull(TOKENS)), 'silent'),
  torchscript: other(false, nullAs(false, FLAG)),
  output_hidden_states: other(false, nullAs(false, FLAG)),
  output_attentions: other(false, nullAs(false, FLAG)),
  return_dict: idle(other(true, FLAG), 'silent'),
  tie_word_embeddings: other(true, nullAs(false, FLAG)),
  gradient_checkpointing: idle(other(false, FLAG), 'silent'),
  chunk_size_feed_forward: idle(other(0, COUNT), 'told'),
  pruned_heads: other<JsonObject>({}, nullAs({}, EMPTY)),
  num_labels: { ...seldom(2, LABEL_COUNT), inFile: LABEL_COUNT_OR_NONE },
  id2label: { ...other({ 0: 'LABEL_0', 1: 'LABEL_1' }, LABELS), inFile: ANY_LABELS },
  label2id: idle(other({ LABEL_0: 0, LABEL_1: 1 }, LABEL_IDS), 'silent'),
  problem_type: idle(other(null, orNull(oneOf(['regression', 'single_label_classification', 'multi_label_classification']))), 'told'),
  finetuning_task: idle(other(null, orNull(TEXT)), 'silent'),
  architectures: idle(other(null, orNull(NAMES)), 'silent'),
  _name_or_path: idle(other('', TEXT), 'silent'),
  transformers_version: idle(other(null, orNull(TEXT)), 'silent'),
  dtype: idle(other(null, orNull(TEXT)), 'silent'),
  torch_dtype: idle(other(null, orNull(TEXT)), 'silent'),
  quantization_config: seldom(null, oneOf([null], 'Only unquantised checkpoints are read')),
  auto_map: seldom(null, oneOf([null], `${PLAIN}, not code that comes with a checkpoint`)),
};

export type Fields = typeof FIELDS;
export type FieldName = keyof Fields;

/** The fields of config.json, named and typed as in `transformers`. */
export type BertConfigFields = { readonly [Name in FieldName]: Fields[Name]['default'] };

/** What a {@link BertConfig} is made from: any of its fields. */
export interface BertConfigOptions extends Partial<BertConfigFields> {
  /** The first argument of `pytorch_transformers.BertConfig`: a vocabulary size, or the path of a config.json that the other options amend. */
  readonly vocab_size_or_config_json_file?: number | string;
}

/** Every field as an option, proved where it is read. */
export const CONFIG_OPTIONS = Object.fromEntries(
  ['vocab_size_or_config_json_file', ...Object.keys(FIELDS)].map((name) => [name, ANY]),
) as unknown as OptionTable<BertConfigOptions>;

export const isField = (name: string): name is FieldName => Object.hasOwn(FIELDS, name);

export function bad(name: string, origin: string, expected: string, got: string, cure?: string): TraceletError {
  return new TraceletError('config', { what: `${name} of ${origin}`, expected, got, cure });
}

/** The keys that have a value; null stands for no labels, as in `transformers`. */
export function present(options: Readonly<JsonObject>): JsonObject {
  const absent = (name: string, value: unknown) => value === undefined || (value === null && /^(num_labels|id2label|label2id)$/.test(name));
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => !absent(name, value)));
}

/** The fields that a caller gives, proved. Throws `config` errors. */
export function fieldsOf(given: Readonly<JsonObject>, origin: string): JsonObject {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, read(FIELDS[name as FieldName], name, value, origin)]));
}

/** The fields among what a file says, without those that no answer depends on and that it should not say. Throws `config` errors. */
export function fieldsOfFile(given: Readonly<JsonObject>, origin: string, onwarn?: OnWarn): JsonObject {
  const fields: JsonObject = {};
  const told: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (!isField(name)) continue;
    const field: Field<unknown> = FIELDS[name];
    const { idle, inFile } = field;
    const known = (inFile ?? field).read(value);
    if (known !== undefined || !idle) fields[name] = known ?? read(inFile ?? field, name, value, origin);
    else if (idle === 'told') told.push(name);
  }
  const { num_labels, id2label } = fields;
  if (id2label && num_labels !== undefined && num_labels !== Object.keys(id2label).length) {
    delete fields.num_labels;
    told.push('num_labels');
  }
  if (told.length > 0) warn(`${origin}: passed over ${told.join(', ')}, whose values do not fit and on which no answer depends`, onwarn);
  return fields;
}

function read({ read, expected, cure }: Kind<unknown>, name: string, value: unknown, origin: string): unknown {
  const known = read(value);
  if (known === undefined) throw bad(name, origin, expected, describe(value), cure);
  return known;
}

/** `amendments` over the fields of a file; other labels replace all that the file says of labels. */
export function amended(file: JsonObject, amendments: JsonObject): JsonObject {
  const { num_labels, id2label, label2id, ...unlabelled } = file;
  const count = id2label ? Object.keys(id2label).length : num_labels;
  if (amendments.id2label === undefined && amendments.num_labels === count) return { ...file, ...amendments };
  const relabelled = 'num_labels' in amendments || 'id2label' in amendments;
  return { ...(relabelled ? unlabelled : file), ...amendments };
}

/** Every field: those given, and the defaults of `transformers`. Throws `config` errors for those that contradict each other. */
export function completed(given: JsonObject, origin: string): BertConfigFields {
  const defaults = Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [name, field.default]));
  const fields = copyOf({ ...defaults, ...given, ...labels(given) }) as BertConfigFields;
  checkRelations(fields, origin);
  return fields;
}

function labels({ num_labels, id2label, label2id }: Partial<BertConfigFields>): Partial<BertConfigFields> {
  const names =
    id2label ?? Object.fromEntries(Array.from({ length: num_labels ?? FIELDS.num_labels.default }, (_, id) => [id, `LABEL_${id}`]));
  const ids = Object.fromEntries(Object.entries(names).map(([id, label]) => [label, Number(id)]));
  return { num_labels: num_labels ?? Object.keys(names).length, id2label: names, label2id: label2id ?? ids };
}

/** Tables and matrices whose number of elements must stay below 2^31. */
const PRODUCTS = [
  ['vocab_size', 'hidden_size'],
  ['max_position_embeddings', 'hidden_size'],
  ['type_vocab_size', 'hidden_size'],
  ['hidden_size', 'hidden_size'],
  ['intermediate_size', 'hidden_size'],
  ['num_labels', 'hidden_size'],
] as const satisfies (readonly [FieldName, FieldName])[];

const SIZES = [
  'num_hidden_layers',
  'hidden_size',
  'intermediate_size',
  'vocab_size',
  'max_position_embeddings',
  'type_vocab_size',
] as const;
const MOST_WEIGHTS = 2 ** 30;

/** Elements of the matrices of an encoder. */
function weightsOf(config: BertConfigFields): number {
  const { num_hidden_layers, hidden_size, intermediate_size, vocab_size, max_position_embeddings, type_vocab_size } = config;
  const rows = vocab_size + max_position_embeddings + type_vocab_size;
  return hidden_size * (rows + num_hidden_layers * (4 * hidden_size + 2 * intermediate_size));
}

function checkRelations(config: BertConfigFields, origin: string): void {
  const { hidden_size, num_attention_heads, pad_token_id, vocab_size, num_labels, id2label } = config;
  for (const [a, b] of PRODUCTS)
    if (config[a] * config[b] > MAX_SIZE)
      throw bad(`${a} x ${b}`, origin, `at most ${MAX_SIZE} elements`, `${config[a]} x ${config[b]}`, 'Lower one of them');
  const weights = weightsOf(config);
  if (weights > MOST_WEIGHTS)
    throw bad(
      'num_hidden_layers x hidden_size',
      origin,
      `at most ${MOST_WEIGHTS} weights in all, as many as wasm memory holds`,
      `${weights} (${SIZES.map((name) => `${name} ${config[name]}`).join(', ')})`,
      'Lower one of them',
    );
  if (hidden_size % num_attention_heads !== 0)
    throw bad('hidden_size', origin, `a multiple of num_attention_heads ${num_attention_heads}`, `${hidden_size}`, 'Change one of them');
  if (pad_token_id !== null && (pad_token_id >= vocab_size || pad_token_id < -vocab_size))
    throw bad('pad_token_id', origin, `a token id below vocab_size ${vocab_size}`, `${pad_token_id}`, 'Use null for no padding token');
  const names = Object.keys(id2label).length;
  if (names !== num_labels) throw bad('num_labels', origin, `${names}, the length of id2label`, `${num_labels}`, 'Give one of them alone');
}
