import { TraceletError } from '../base/error.ts';
import { copyOf, describe, type JsonObject } from '../base/json.ts';
import { ANY, type OptionTable } from '../base/options.ts';
import {
  ANY_LABELS,
  COUNT,
  core,
  EMPTY,
  type Field,
  FLAG,
  idle,
  type Kind,
  LABEL_COUNT,
  LABEL_COUNT_OR_NONE,
  LABEL_IDS,
  LABELS,
  MAX_SIZE,
  NAMES,
  nullAs,
  oneOf,
  orNull,
  other,
  seldom,
  TEXT,
  TOKENS,
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

const ENCODER = 'This family runs as an encoder here';

/** The activations that a config may name. */
export const ACTIVATION = oneOf(HIDDEN_ACTS);

/** The op that an activation of transformers is. */
export const activationOf = (name: string): string => ACTIVATION_ALIASES[name] ?? name;

/** What would make a decoder of an encoder. */
export const NO_DECODER: Field<boolean> = other<boolean>(false, nullAs(false, oneOf([false], ENCODER)));

/** Fields that every configuration has, in the order of `transformers`, whose other encoders do not read what would make them decoders. */
export const COMMON = {
  is_decoder: idle(NO_DECODER, 'told'),
  is_encoder_decoder: other(false, nullAs(false, oneOf([false], ENCODER))),
  add_cross_attention: idle(NO_DECODER, 'told'),
  is_causal: seldom(true, nullAs(false, FLAG)),
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
  architectures: idle(other<readonly string[] | null>(null, orNull(NAMES)), 'silent'),
  _name_or_path: idle(other('', TEXT), 'silent'),
  transformers_version: idle(other(null, orNull(TEXT)), 'silent'),
  dtype: idle(other(null, orNull(TEXT)), 'silent'),
  torch_dtype: idle(other(null, orNull(TEXT)), 'silent'),
  quantization_config: seldom(null, oneOf([null], 'Only unquantised checkpoints are read')),
  per_layer_config: seldom(null, oneOf([null], 'Models whose layers all have one configuration run here')),
  auto_map: seldom(null, oneOf([null], 'Models that `transformers` has run here, not code that comes with a checkpoint')),
};

/** Fields of families of encoders that a configuration may make decoders, in place of those that other encoders have. */
export const DECODER = {
  is_decoder: other<boolean>(false, nullAs(false, FLAG)),
  add_cross_attention: other<boolean>(false, nullAs(false, FLAG)),
};

/** Fields of families whose tokens see none behind them, in place of those that encoders have. */
export const CAUSAL = {
  is_decoder: idle(other<boolean>(false, nullAs(false, FLAG)), 'silent'),
  add_cross_attention: other<boolean>(false, nullAs(false, oneOf([false], 'There is no encoder whose tokens this family could see'))),
  is_causal: seldom(true, oneOf([true], 'Tokens of this family see none behind them here')),
  use_cache: idle(other(true, nullAs(true, FLAG)), 'silent'),
};

// biome-ignore lint/suspicious/noExplicitAny: a field of any type
export type FieldTable = Readonly<Record<string, Field<any>>>;

/** What the fields of a table hold. */
export type Values<Fields extends FieldTable> = { readonly [Name in keyof Fields]: Fields[Name]['default'] };

/** Fields that every configuration has. */
export interface CommonFields extends Values<typeof COMMON> {
  readonly model_type: string;
}

/** Sizes by the names that most families give them. Where a family has another name for one, this is an alias of it. */
export interface Sizes {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly max_position_embeddings: number;
  readonly pad_token_id: number | null;
  readonly initializer_range: number;
}

/** What a family says of its configuration. */
export interface FamilyFields<Fields extends FieldTable = FieldTable> {
  /** As config.json says it. */
  model_type: string;
  /** Its own fields, in the order of `transformers`. */
  fields: Fields;
  /** Other names of fields, as `attribute_map` of `transformers` has them. */
  aliases: Readonly<Record<string, keyof Fields & string>>;
  /** Fields that the constructor takes by position, the vocabulary's size first. */
  positional: readonly string[];
  /** Tables and matrices, whose number of elements must stay below 2^31. */
  matrices: readonly (readonly [rows: string, columns: string])[];
  /** The sizes that decide how many weights there are. */
  sizes: readonly (keyof Fields & string)[];
  /** Elements of all matrices of an encoder. */
  weights(config: Values<Fields>): number;
  /** The field that says how wide all heads are together, `hidden_size` unless given. */
  headed?(config: Values<Fields>): keyof Fields & string;
  /** Throws `config` errors for fields that contradict each other; `origin` is what messages call the configuration. */
  check?(config: Values<Fields>, origin: string): void;
}

/** A configuration's fields, made once from what its family says. */
export interface Schema extends FamilyFields {
  fields: FieldTable & typeof COMMON;
}

/** The old name of vocab_size, under which a caller may also name a file. */
const OLD_SIZE = 'vocab_size_or_config_json_file';

export function schemaOf<Fields extends FieldTable>({ fields, ...family }: FamilyFields<Fields>): Schema {
  const { model_type } = family;
  const named = { model_type: core(model_type, nullAs(model_type, oneOf([model_type], 'AutoConfig chooses the class by it'))) };
  return { ...family, fields: { ...named, ...fields, ...COMMON, ...fields } } as unknown as Schema;
}

/** Every field as an option, proved where it is read. */
export const optionsFor = ({ fields, aliases }: Schema): OptionTable<JsonObject> =>
  Object.fromEntries([OLD_SIZE, ...Object.keys(fields), ...Object.keys(aliases)].map((name) => [name, ANY])) as OptionTable<JsonObject>;

export const isField = ({ fields }: Schema, name: string): boolean => Object.hasOwn(fields, name);

export function bad(name: string, origin: string, expected: string, got: string, cure?: string): TraceletError {
  return new TraceletError('config', { what: `${name} of ${origin}`, expected, got, cure });
}

/** The keys that have a value; null stands for no labels, as in `transformers`. */
export function present(options: Readonly<JsonObject>): JsonObject {
  const absent = (name: string, value: unknown) => value === undefined || (value === null && /^(num_labels|id2label|label2id)$/.test(name));
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => !absent(name, value)));
}

/** The fields that a caller gives, proved. Throws `config` errors. */
export function fieldsOf({ fields }: Schema, given: Readonly<JsonObject>, origin: string): JsonObject {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, read(fields[name], name, value, origin)]));
}

/** The fields that a file gives. One with a wrong value is left out if no answer depends on it, and is a `config` error otherwise. */
export function fieldsOfFile(schema: Schema, given: Readonly<JsonObject>, origin: string, onwarn?: OnWarn): JsonObject {
  const fields: JsonObject = {};
  const told: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (!isField(schema, name)) continue;
    const field: Field<unknown> = schema.fields[name];
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

/** Under the names that the family has: an alias stands for its field. A path as the size of the vocabulary counts only where the caller writes it. */
export function renamed({ aliases }: Schema, given: Readonly<JsonObject>, origin: string): JsonObject {
  const others = { [OLD_SIZE]: 'vocab_size', ...aliases };
  const fields: JsonObject = Object.fromEntries(Object.entries(given).filter(([name]) => !Object.hasOwn(others, name)));
  for (const [alias, name] of Object.entries(others)) {
    const value = given[alias];
    if (value === undefined) continue;
    if (fields[name] !== undefined && fields[name] !== value)
      throw bad(name, origin, `${describe(value)}, the ${alias} beside it`, describe(fields[name]));
    fields[name] = value;
  }
  return fields;
}

/**
 * Every field: those given, and the defaults of `transformers`. Throws `config` errors for those that contradict each other, and for sizes that are
 * given and that memory cannot hold.
 */
export function completed(schema: Schema, given: JsonObject, origin: string): CommonFields {
  const defaults = Object.fromEntries(Object.entries(schema.fields).map(([name, field]) => [name, field.default]));
  const fields = copyOf({ ...defaults, ...given, ...labels(given, schema.fields.num_labels.default) }) as unknown as CommonFields;
  checkRelations(schema, fields, origin);
  if (schema.sizes.some((name) => Object.hasOwn(given, name))) checkWeights(schema, fields, origin);
  return fields;
}

function labels({ num_labels, id2label, label2id }: Partial<CommonFields>, count: number): Partial<CommonFields> {
  const names = id2label ?? Object.fromEntries(Array.from({ length: num_labels ?? count }, (_, id) => [id, `LABEL_${id}`]));
  const ids = Object.fromEntries(Object.entries(names).map(([id, label]) => [label, Number(id)]));
  return { num_labels: num_labels ?? Object.keys(names).length, id2label: names, label2id: label2id ?? ids };
}

/** Of 16 bits each, which a memory of 4 GiB has room for. */
const MOST_WEIGHTS = 2 ** 31;

function checkRelations(schema: Schema, config: CommonFields, origin: string): void {
  const of = (name: string): string => schema.aliases[name] ?? name;
  const size = (name: string): number => (config as unknown as Record<string, number>)[of(name)];
  for (const [a, b] of schema.matrices)
    if (size(a) * size(b) > MAX_SIZE)
      throw bad(`${a} x ${b}`, origin, `at most ${MAX_SIZE} elements`, `${size(a)} x ${size(b)}`, 'Lower one of them');
  checkHeads(of, size, schema.headed?.(config as never), origin);
  schema.check?.(config as never, origin);
  if (config.add_cross_attention && !config.is_decoder)
    throw bad('add_cross_attention', origin, 'false, or is_decoder true beside it', 'true in an encoder', 'Pass is_decoder: true');
  if (!config.is_causal && (config.is_decoder || config.is_encoder_decoder))
    throw bad('is_causal', origin, 'true in a decoder, whose tokens see none behind them', 'false or null', 'Leave it out');
  checkPadding((config as unknown as Sizes).pad_token_id, size('vocab_size'), origin);
  const names = Object.keys(config.id2label).length;
  if (names !== config.num_labels)
    throw bad('num_labels', origin, `${names}, the length of id2label`, `${config.num_labels}`, 'Give one of them alone');
}

/** Throws a `config` error where memory cannot hold a model of that configuration. */
export function checkWeights(schema: Schema, config: CommonFields, origin: string): void {
  const { add_cross_attention, num_hidden_layers, hidden_size } = config as CommonFields & Sizes;
  const weights = schema.weights(config as never) + (add_cross_attention ? 4 * num_hidden_layers * hidden_size ** 2 : 0);
  if (weights <= MOST_WEIGHTS) return;
  const sizes = schema.sizes.map((name) => `${name} ${(config as unknown as JsonObject)[name]}`);
  throw bad(
    schema.sizes.slice(0, 2).join(' x '),
    origin,
    `at most ${MOST_WEIGHTS} weights in all, as many as wasm memory holds in 16 bits each`,
    `${weights} (${sizes.join(', ')})`,
    'Lower one of them',
  );
}

function checkHeads(of: NameOf, size: (name: string) => number | null | undefined, headed = 'hidden_size', origin: string): void {
  const [width, heads] = [size(headed) as number, size('num_attention_heads') as number];
  const [given, shared] = [size('head_dim') ?? null, size('num_key_value_heads') ?? null];
  if (given === null && width % heads !== 0)
    throw bad(of(headed), origin, `a multiple of ${of('num_attention_heads')} ${heads}`, `${width}`, 'Change one of them');
  if (shared !== null && heads % shared !== 0)
    throw bad(of('num_key_value_heads'), origin, `a divisor of ${of('num_attention_heads')} ${heads}`, `${shared}`, 'Change one of them');
}

type NameOf = (name: string) => string;

function checkPadding(id: number | null, vocab_size: number, origin: string): void {
  if (id === null || (id < vocab_size && id >= -vocab_size)) return;
  throw bad('pad_token_id', origin, `a token id below vocab_size ${vocab_size}`, `${id}`, 'Use null for no padding token');
}
