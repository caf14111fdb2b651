import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextEncoder } from '../base/globals.ts';
import { copyOf, describe, isObject, type JsonObject, parseObject } from '../base/json.ts';
import { nearest } from '../base/nearest.ts';
import { checkOptions, FUNCTION, NAMED, type OptionTable, proved, unknownOption } from '../base/options.ts';
import { FLAG } from '../base/schema.ts';
import type { OnWarn } from '../base/warn.ts';
import { SOURCE_OPTIONS, type SourceOptions, splitOptions, textOf } from '../sources/folder.ts';
import { refusePointer } from '../sources/head.ts';
import { placeOf } from '../sources/place.ts';
import {
  ACTIVATION_ALIASES,
  amended,
  type BertConfigFields,
  type BertConfigOptions,
  bad,
  CONFIG_OPTIONS,
  completed,
  FIELDS,
  type FieldName,
  type Fields,
  fieldsOf,
  fieldsOfFile,
  isField,
  present,
} from './fields.ts';
import { cureOfForeign, FOREIGN } from './foreign.ts';

export type { BertConfigOptions } from './fields.ts';

/** Fields by position, as `pytorch_transformers.BertConfig` and `transformers.BertConfig` take them; the last argument may be an object of others. */
export type BertConfigArguments = readonly unknown[];

class Values {
  constructor(values: BertConfigFields) {
    Object.assign(this, values);
  }
}

/** What a configuration is made of, once it is read. */
class Contents {
  readonly given: JsonObject;
  readonly others: JsonObject;
  readonly origin: string;

  constructor(given: JsonObject, others: JsonObject, origin: string) {
    this.given = given;
    this.others = others;
    this.origin = origin;
  }
}

/**
 * The shape of a BERT, as `transformers.BertConfig`: read-only, checked, with the defaults of `transformers`. A value that is of the wrong type,
 * out of range, contradicts another or asks for what does not run here is a `config` error; a name that is no field's a `value` error.
 */
export class BertConfig extends (Values as new (values: BertConfigFields) => BertConfigFields) {
  readonly #given: ReadonlySet<string>;
  readonly #others: JsonObject;

  /** Takes the fields by name; or the vocabulary's size or the path of a config.json first, then others by position or by name. */
  constructor(options?: BertConfigOptions | null);
  constructor(vocab_size_or_config_json_file: number | string, ...others: BertConfigArguments);
  constructor(...args: BertConfigArguments) {
    const { given, others, origin } = args[0] instanceof Contents ? args[0] : fromCaller(args);
    super(completed(given, origin));
    this.#given = new Set(Object.keys(given));
    this.#others = others;
    Object.freeze(this);
  }

  /**
   * A configuration from the contents of a config.json, amended by `overrides`. Keys that are no fields are kept as they are. Where no answer
   * depends on a field, a value that does not fit gives way to the default. `origin` is what messages call it.
   */
  static from_dict(
    dict: Readonly<JsonObject>,
    overrides: BertConfigOptions = {},
    origin = 'BertConfig.from_dict',
    onwarn?: OnWarn,
  ): BertConfig {
    proved('BertConfig.from_dict: origin', origin, NAMED);
    if (onwarn) proved('BertConfig.from_dict: onwarn', onwarn, FUNCTION);
    if (!isObject(dict)) throw new TraceletError('config', { what: origin, expected: 'an object', got: describe(dict) });
    const amendments = checkOptions('overrides', overrides, CONFIG_OPTIONS);
    return made(fromFile(dict, origin, onwarn, fieldsOf(present(renamed({ ...amendments }, 'overrides')), 'overrides')));
  }

  /** The configuration in a .json file, read at once. */
  static from_json_file(path: string): BertConfig {
    return made(fromPath(path));
  }

  /** The configuration in a .json file, a directory, at an address or on the hub, amended by the other options. Throws `source` where there is none. */
  static async from_pretrained(source: string | URL, options: BertConfigOptions & SourceOptions = {}): Promise<BertConfig> {
    const checked = checkOptions('BertConfig.from_pretrained', options, FROM_PRETRAINED, cureOfForeign);
    const [reading, others] = splitOptions(checked);
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
    return BertConfig.from_dict(parseObject(contents, what), amendmentsIn(others), what, reading.onwarn);
  }

  /** The op that `hidden_act` names. */
  get activation(): string {
    return ACTIVATION_ALIASES[this.hidden_act] ?? this.hidden_act;
  }

  /** Every field, and the other keys of the file that it comes from. */
  to_dict(): JsonObject {
    return this.#select((field) => field.written !== 'if given');
  }

  /** What a config.json needs to say: the shape, the labels unless there are two unnamed ones, and whatever was given but where it came from. */
  to_diff_dict(): JsonObject {
    const labelled = this.num_labels !== FIELDS.num_labels.default;
    const { _name_or_path, ...rest } = this.#select(
      (field) => field.written === 'always' || (labelled && (field === FIELDS.id2label || field === FIELDS.label2id)),
    );
    return rest;
  }

  /** The contents of a config.json: sorted keys, indented by 2, ending in a newline. */
  to_json_string(use_diff = true): string {
    return written(proved('to_json_string()', use_diff, FLAG) ? this.to_diff_dict() : this.to_dict());
  }

  #select(needed: (field: Fields[FieldName]) => boolean): JsonObject {
    const fields = Object.entries(this).filter(([name]) => this.#given.has(name) || needed(FIELDS[name as FieldName]));
    return copyOf({ ...this.#others, ...Object.fromEntries(fields) });
  }
}

const FROM_PRETRAINED: OptionTable<BertConfigOptions & SourceOptions> = { ...SOURCE_OPTIONS, ...CONFIG_OPTIONS, ...FOREIGN };

/** The config.json that travels in a trace: fields alone, since other keys may be a path or a secret of whoever wrote them. */
export function travelling(config: BertConfig): string {
  return written(Object.fromEntries(Object.entries(config.to_diff_dict()).filter(([name]) => isField(name))));
}

/** The fields of a configuration among options. */
export function amendmentsIn(options: object): BertConfigOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(CONFIG_OPTIONS, name)));
}

const made = (contents: Contents): BertConfig => new BertConfig(contents as BertConfigOptions);

/** The order of `pytorch_transformers` and `transformers`. */
const POSITIONAL = Object.keys(FIELDS).slice(1, Object.keys(FIELDS).indexOf('layer_norm_eps') + 1);

/** What the arguments of the constructor say, over the file that they name if they name one. */
function fromCaller(args: BertConfigArguments): Contents {
  const { vocab_size_or_config_json_file: first, ...rest } = namedArguments(args);
  if (typeof first === 'string') return fromPath(first, fieldsOf(present(rest), 'BertConfig'));
  return new Contents(
    fieldsOf(present(renamed({ vocab_size_or_config_json_file: first, ...rest }, 'BertConfig')), 'BertConfig'),
    {},
    'BertConfig',
  );
}

const KEPT = 'BertConfig.from_dict takes the contents of a config.json, with all its keys';

function namedArguments(args: BertConfigArguments): BertConfigOptions {
  const last = args.at(-1);
  const named = isObject(last) ? last : undefined;
  const positional = named ? args.slice(0, -1) : args;
  const given: JsonObject = {};
  for (const [at, value] of positional.entries()) {
    if (value === undefined || (value === null && args.length === 1)) continue;
    const name = at === 0 ? 'vocab_size_or_config_json_file' : POSITIONAL[at];
    if (name === undefined)
      throw new TraceletError('value', {
        what: 'BertConfig()',
        expected: `at most ${POSITIONAL.length} fields by position`,
        got: `${args.length} arguments`,
        cure: 'Give the others by name, as { torchscript: true }',
      });
    given[name] = value;
  }
  for (const name of Object.keys(named ?? {})) {
    if (!Object.hasOwn(CONFIG_OPTIONS, name))
      throw unknownOption('BertConfig()', name, Object.keys(CONFIG_OPTIONS), nearest(name, Object.keys(CONFIG_OPTIONS)) ? undefined : KEPT);
    if (name in given) throw bad(name, 'BertConfig', 'it once', 'it by position and by name');
  }
  return { ...given, ...named };
}

/** A configuration from a file, and what amends it. */
function fromFile(dict: Readonly<JsonObject>, origin: string, onwarn?: OnWarn, amendments: JsonObject = {}): Contents {
  const said = present(renamed(dict, origin));
  const others = Object.entries(said).filter(([name]) => !isField(name));
  return new Contents(
    amended(fieldsOfFile(said, origin, onwarn), amendments),
    Object.fromEntries(others.map(([name, value]) => [name, copied(name, value, origin)])),
    origin,
  );
}

function fromPath(path: string, amendments?: JsonObject): Contents {
  proved('BertConfig.from_json_file', path, { ...NAMED, expected: 'a path' });
  const text = platform.readTextSync(path);
  refusePointer(new TextEncoder().encode(text), path);
  return fromFile(parseObject(text, path), path, undefined, amendments);
}

/** Without the old name of vocab_size. A path under it counts only where the caller writes it, never in a file. */
function renamed({ vocab_size_or_config_json_file: size, ...rest }: Readonly<JsonObject>, origin: string): JsonObject {
  if (size === undefined) return rest;
  if (rest.vocab_size !== undefined && rest.vocab_size !== size)
    throw bad('vocab_size', origin, `${describe(size)}, the vocab_size_or_config_json_file beside it`, describe(rest.vocab_size));
  return { ...rest, vocab_size: size };
}

const DEEPEST = 200;
const nestsBeyond = (levels: number, value: unknown): boolean =>
  typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((each) => nestsBeyond(levels - 1, each)));

function copied(name: string, value: unknown, origin: string): unknown {
  if (name === '__proto__') throw bad(describe(name), origin, 'another name', describe(name));
  if (nestsBeyond(DEEPEST, value)) throw bad(name, origin, `values of at most ${DEEPEST} levels`, 'more');
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

const written = (dict: JsonObject): string => `${JSON.stringify(sorted(dict), null, 2)}\n`;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
