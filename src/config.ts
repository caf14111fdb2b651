import { platform } from '#platform';
import { TraceletError } from './error.ts';
import {
  COUNT,
  core,
  DEVIATION,
  EMPTY,
  FLAG,
  LABEL_COUNT,
  LABEL_IDS,
  LABELS,
  MAX_SIZE,
  NAMES,
  oneOf,
  orNull,
  other,
  POSITIVE,
  PROBABILITY,
  SIZE,
  seldom,
  TEXT,
  TOKENS,
} from './field.ts';
import { copyOf, describe, isObject, type JsonObject, parseObject } from './json.ts';
import { ACTIVATIONS } from './ops.ts';
import { type SourceOptions, splitOptions, textOf } from './sources/folder.ts';
import { placeOf } from './sources/place.ts';

/** Spellings of `transformers` for activations that are ops under another name: the same function of real numbers. */
const ACTIVATION_ALIASES: Readonly<Record<string, string>> = {
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
const FIELDS = {
  model_type: core('bert', oneOf(['bert'], PLAIN)),
  vocab_size: core(30522, SIZE),
  hidden_size: core(768, SIZE),
  num_hidden_layers: core(12, SIZE),
  num_attention_heads: core(12, SIZE),
  intermediate_size: core(3072, SIZE),
  hidden_act: core('gelu', oneOf(HIDDEN_ACTS)),
  hidden_dropout_prob: core(0.1, PROBABILITY),
  attention_probs_dropout_prob: core(0.1, PROBABILITY),
  max_position_embeddings: core(512, SIZE),
  type_vocab_size: core(2, SIZE),
  initializer_range: core(0.02, DEVIATION),
  layer_norm_eps: core(1e-12, POSITIVE),
  pad_token_id: core(0, orNull(COUNT)),
  position_embedding_type: other('absolute', oneOf(['absolute'], PLAIN)),
  classifier_dropout: other(null, orNull(PROBABILITY)),
  use_cache: other(true, FLAG),
  is_decoder: other(false, oneOf([false], ENCODER)),
  is_encoder_decoder: other(false, oneOf([false], ENCODER)),
  add_cross_attention: other(false, oneOf([false], ENCODER)),
  bos_token_id: other(null, orNull(TOKENS)),
  eos_token_id: other(null, orNull(TOKENS)),
  torchscript: other(false, FLAG),
  output_hidden_states: other(false, FLAG),
  output_attentions: other(false, FLAG),
  return_dict: other(true, FLAG),
  tie_word_embeddings: other(true, FLAG),
  gradient_checkpointing: other(false, FLAG),
  chunk_size_feed_forward: other(0, COUNT),
  pruned_heads: other<JsonObject>({}, EMPTY),
  num_labels: seldom(2, LABEL_COUNT),
  id2label: other({ 0: 'LABEL_0', 1: 'LABEL_1' }, LABELS),
  label2id: other({ LABEL_0: 0, LABEL_1: 1 }, LABEL_IDS),
  problem_type: other(null, orNull(oneOf(['regression', 'single_label_classification', 'multi_label_classification']))),
  finetuning_task: other(null, orNull(TEXT)),
  architectures: other(null, orNull(NAMES)),
  _name_or_path: other('', TEXT),
  transformers_version: other(null, orNull(TEXT)),
  dtype: other(null, orNull(TEXT)),
  torch_dtype: other(null, orNull(TEXT)),
  quantization_config: seldom(null, oneOf([null], 'Only unquantised checkpoints are read')),
  auto_map: seldom(null, oneOf([null], `${PLAIN}, not code that comes with a checkpoint`)),
};

type Fields = typeof FIELDS;
type FieldName = keyof Fields;

/** The fields of config.json, named and typed as in `transformers`. */
export type BertConfigFields = { readonly [Name in FieldName]: Fields[Name]['default'] };

/** What a {@link BertConfig} is made from: any field, and any other key of a config.json, which is kept as it is. */
export interface BertConfigOptions extends Partial<BertConfigFields> {
  /** The first argument of `pytorch_transformers.BertConfig`: a vocabulary size, or the path of a config.json that the other options amend. */
  readonly vocab_size_or_config_json_file?: number | string;
  readonly [other: string]: unknown;
}

class Values {
  constructor(values: BertConfigFields) {
    Object.assign(this, values);
  }
}

/**
 * The shape of a BERT, as `transformers.BertConfig`: read-only, checked, with the defaults of `transformers`. A value that is of the wrong type,
 * out of range, contradicts another or asks for what does not run here is a `config` error.
 */
export class BertConfig extends (Values as new (values: BertConfigFields) => BertConfigFields) {
  readonly #given: ReadonlySet<string>;
  readonly #others: JsonObject;

  /** `origin` is what messages call the configuration. */
  constructor(options: BertConfigOptions = {}, origin = 'BertConfig') {
    const given = present(withFile(options, origin));
    super(checkFields(given, origin));
    checkRelations(this, origin);
    this.#given = new Set(Object.keys(given));
    this.#others = readOthers(given, origin);
    Object.freeze(this);
  }

  /** A configuration from the contents of a config.json, amended by `overrides`. */
  static from_dict(dict: Readonly<JsonObject>, overrides: BertConfigOptions = {}, origin = 'BertConfig'): BertConfig {
    return new BertConfig(amend(renamed(dict, origin), present(renamed(overrides, 'overrides'))), origin);
  }

  /** The configuration in a .json file, read at once. */
  static from_json_file(path: string): BertConfig {
    return BertConfig.from_dict(parseObject(platform.readTextSync(path), path), {}, path);
  }

  /** The configuration in a .json file, a directory, at an address or on the hub, amended by the other options. Throws `source` where there is none. */
  static async from_pretrained(source: string | URL, options: BertConfigOptions & SourceOptions = {}): Promise<BertConfig> {
    const [reading, overrides] = splitOptions(options);
    reading.signal?.throwIfAborted();
    const { folder, file = 'config.json' } = await placeOf(source, reading);
    const what = folder.at(file);
    const contents = await textOf(folder, file);
    if (contents === undefined)
      throw new TraceletError('source', {
        what: `configuration of ${source}`,
        expected: `the file ${what}`,
        got: 'none',
        cure: folder.cure,
      });
    return BertConfig.from_dict(parseObject(contents, what), overrides, what);
  }

  /** The op that `hidden_act` names. */
  get activation(): string {
    return ACTIVATION_ALIASES[this.hidden_act] ?? this.hidden_act;
  }

  /** Every field, and the other keys that were given. */
  to_dict(): JsonObject {
    return this.#select((field) => field.written !== 'if given');
  }

  /** What a config.json needs to say: the shape, the labels unless there are two unnamed ones, and whatever was given. */
  to_diff_dict(): JsonObject {
    const labelled = this.num_labels !== FIELDS.num_labels.default;
    return this.#select((field) => field.written === 'always' || (labelled && (field === FIELDS.id2label || field === FIELDS.label2id)));
  }

  /** The contents of a config.json: sorted keys, indented by 2, ending in a newline. */
  to_json_string(use_diff = true): string {
    return `${JSON.stringify(sorted(use_diff ? this.to_diff_dict() : this.to_dict()), null, 2)}\n`;
  }

  #select(needed: (field: Fields[FieldName]) => boolean): JsonObject {
    const fields = Object.entries(this).filter(([name]) => this.#given.has(name) || needed(FIELDS[name as FieldName]));
    return copyOf({ ...this.#others, ...Object.fromEntries(fields) });
  }
}

const isField = (name: string): name is FieldName => Object.hasOwn(FIELDS, name);

function bad(name: string, origin: string, expected: string, got: string, cure?: string): TraceletError {
  return new TraceletError('config', { what: `${name} of ${origin}`, expected, got, cure });
}

/** The keys that have a value; null stands for no labels, as in `transformers`. */
function present(options: Readonly<JsonObject>): JsonObject {
  const absent = (name: string, value: unknown) => value === undefined || (value === null && /^(num_labels|id2label|label2id)$/.test(name));
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => !absent(name, value)));
}

/** `options` over the file that they name, if they name one. */
function withFile(options: BertConfigOptions, origin: string): JsonObject {
  const { vocab_size_or_config_json_file: path, ...rest } = options;
  if (typeof path !== 'string') return renamed(options, origin);
  return amend(renamed(parseObject(platform.readTextSync(path), path), path), present(rest));
}

/** Without the old name of vocab_size. A path under it counts only where the caller writes it, never in a file. */
function renamed({ vocab_size_or_config_json_file: size, ...rest }: Readonly<JsonObject>, origin: string): JsonObject {
  if (size === undefined) return rest;
  if (rest.vocab_size !== undefined && rest.vocab_size !== size)
    throw bad('vocab_size', origin, `${describe(size)}, the vocab_size_or_config_json_file beside it`, describe(rest.vocab_size));
  return { ...rest, vocab_size: size };
}

/** `overrides` over `dict`; new labels replace all that `dict` says of labels. */
function amend(dict: JsonObject, overrides: JsonObject): JsonObject {
  const { num_labels, id2label, label2id, ...unlabelled } = dict;
  const relabelled = 'num_labels' in overrides || 'id2label' in overrides;
  return { ...(relabelled ? unlabelled : dict), ...overrides };
}

function checkFields(given: JsonObject, origin: string): BertConfigFields {
  const values: JsonObject = {};
  for (const [name, field] of Object.entries(FIELDS)) {
    values[name] = Object.hasOwn(given, name) ? field.read(given[name]) : field.default;
    if (values[name] === undefined) throw bad(name, origin, field.expected, describe(given[name]), field.cure);
  }
  return copyOf({ ...values, ...labels(given, values as unknown as BertConfigFields) }) as BertConfigFields;
}

function labels(given: JsonObject, values: BertConfigFields): Partial<BertConfigFields> {
  const names = given.id2label ? Object.values(values.id2label) : Array.from({ length: values.num_labels }, (_, id) => `LABEL_${id}`);
  const label2id = given.label2id ? values.label2id : Object.fromEntries(names.map((label, id) => [label, id]));
  return { num_labels: given.num_labels === undefined ? names.length : values.num_labels, id2label: { ...names }, label2id };
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

function checkRelations(config: BertConfigFields, origin: string): void {
  const { hidden_size, num_attention_heads, pad_token_id, vocab_size, num_labels, id2label } = config;
  for (const [a, b] of PRODUCTS)
    if (config[a] * config[b] > MAX_SIZE)
      throw bad(`${a} x ${b}`, origin, `at most ${MAX_SIZE} elements`, `${config[a]} x ${config[b]}`, 'Lower one of them');
  if (hidden_size % num_attention_heads !== 0)
    throw bad('hidden_size', origin, `a multiple of num_attention_heads ${num_attention_heads}`, `${hidden_size}`, 'Change one of them');
  if (pad_token_id !== null && pad_token_id >= vocab_size)
    throw bad('pad_token_id', origin, `a token id below vocab_size ${vocab_size}`, `${pad_token_id}`, 'Use null for no padding token');
  const names = Object.keys(id2label).length;
  if (names !== num_labels) throw bad('num_labels', origin, `${names}, the length of id2label`, `${num_labels}`, 'Give one of them alone');
}

/** The keys that are no fields, copied. */
function readOthers(given: JsonObject, origin: string): JsonObject {
  const others = Object.entries(given).filter(([name]) => !isField(name));
  return Object.fromEntries(others.map(([name, value]) => [name, copied(name, value, origin)]));
}

function copied(name: string, value: unknown, origin: string): unknown {
  if (name === '__proto__') throw bad(describe(name), origin, 'another name', describe(name));
  try {
    return JSON.parse(JSON.stringify(value));
  } catch (cause) {
    throw new TraceletError('config', {
      what: `${name} of ${origin}`,
      expected: 'a value that JSON can hold',
      got: describe(value),
      cause,
    });
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
