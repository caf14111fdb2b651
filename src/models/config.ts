import { copyOf, isObject, type JsonObject } from '../base/json.ts';
import { onDemand } from '../base/ondemand.ts';
import { checkOptions, NAMED, proved } from '../base/options.ts';
import { type Field, FLAG, kind } from '../base/schema.ts';
import type { OnWarn } from '../base/warn.ts';
import type { SourceOptions } from '../sources/folder.ts';
import type { SaveOptions } from '../sources/saving.ts';
import { Contents, fromCaller, fromDict, fromPath, made, nameOf, written } from './contents.ts';
import {
  amended,
  COMMON,
  type CommonFields,
  completed,
  type FamilyFields,
  type FieldTable,
  fieldsOf,
  isField,
  optionsFor,
  present,
  renamed,
  type Schema,
  type Sizes,
  schemaOf,
  type Values,
} from './fields.ts';
import { saveInto } from './saving.ts';

/** The class of a family's configurations. */
export interface ConfigClass<C extends PreTrainedConfig = PreTrainedConfig> {
  new (options?: never): C;
  readonly schema: Schema;
}

/** Fields of a configuration as options. */
export type Amendments<C> = {
  readonly [Name in keyof C as C[Name] extends (...args: never[]) => unknown ? never : Name]?: C[Name];
} & OldSize;

export interface PreTrainedConfig extends CommonFields, Sizes {}

/**
 * The shape of a model, as `transformers.PreTrainedConfig`: read-only, checked, with the defaults of `transformers`. A value that is of the wrong
 * type, out of range, contradicts another or asks for what does not run here is a `config` error; a name that is no field's a `value` error.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the fields are assigned by name
export abstract class PreTrainedConfig {
  static readonly schema: Schema;
  readonly #schema: Schema;
  readonly #given: ReadonlySet<string>;
  readonly #others: JsonObject;

  /** Takes the fields by name; or the vocabulary's size or the path of a config.json first, then others by position or by name. */
  constructor(...args: readonly unknown[]) {
    const { schema, name } = new.target as unknown as ConfigClass & { name: string };
    const { given, others, origin } = args[0] instanceof Contents ? args[0] : fromCaller(schema, name, args);
    Object.assign(this, completed(schema, given, origin));
    for (const [alias, field] of Object.entries(schema.aliases))
      Object.defineProperty(this, alias, { value: (this as unknown as JsonObject)[field] });
    this.#schema = schema;
    this.#given = new Set(Object.keys(given));
    this.#others = others;
    Object.freeze(this);
  }

  /**
   * A configuration from the contents of a config.json, amended by `overrides`. Keys that are no fields are kept as they are. Where no answer
   * depends on a field, a value that does not fit gives way to the default. `origin` is what messages call it.
   */
  static from_dict<C extends PreTrainedConfig>(
    this: ConfigClass<C>,
    dict: Readonly<JsonObject>,
    overrides?: Amendments<C>,
    origin?: string,
    onwarn?: OnWarn,
  ): C {
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return fromDict(this, dict, overrides, origin, onwarn);
  }

  /** The configuration in a .json file, read at once. */
  static from_json_file<C extends PreTrainedConfig>(this: ConfigClass<C>, path: string): C {
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return made(this, fromPath(this.schema, `${nameOf(this)}.from_json_file`, path));
  }

  /** The configuration in a .json file, a directory, at an address, on the hub or in a trace, amended by the other options. Throws `source` where there is none. */
  static async from_pretrained<C extends PreTrainedConfig>(
    this: ConfigClass<C>,
    source: string | URL,
    options: Amendments<C> & SourceOptions = {} as Amendments<C>,
  ): Promise<C> {
    const { readConfig } = await onDemand('what reads configurations', () => import('./configfile.ts'));
    // biome-ignore lint/complexity/noThisInStatic: the class that it is called on
    return readConfig(`${nameOf(this)}.from_pretrained`, source, options, this);
  }

  /** How many tokens a text may have: one for each position that is one of a token. */
  most_tokens(): number {
    return this.max_position_embeddings;
  }

  /** Every field, and the other keys of the file that it comes from. */
  to_dict(): JsonObject {
    return this.#select((field) => field.written !== 'if given');
  }

  /** What a config.json needs to say: the shape, the labels unless there are two unnamed ones, and whatever was given but where it came from. */
  to_diff_dict(): JsonObject {
    const labelled = this.num_labels !== COMMON.num_labels.default;
    const { _name_or_path, ...rest } = this.#select(
      (field) => field.written === 'always' || (labelled && (field === COMMON.id2label || field === COMMON.label2id)),
    );
    return rest;
  }

  /** The contents of a config.json: sorted keys, indented by 2, ending in a newline. */
  to_json_string(use_diff = true): string {
    return written(proved('to_json_string()', use_diff, FLAG) ? this.to_diff_dict() : this.to_dict());
  }

  /** The same configuration with `fields` in place of its own; messages call it `origin`. Throws `config` errors. */
  withFields(fields: Amendments<this>, origin: string): this {
    const Config = this.constructor as unknown as ConfigClass<this>;
    const given = Object.fromEntries([...this.#given].map((name) => [name, (this as unknown as JsonObject)[name]]));
    const amendments = checkOptions<JsonObject>('withFields()', fields as JsonObject, optionsFor(this.#schema));
    const changes = fieldsOf(this.#schema, present(renamed(this.#schema, amendments, origin)), origin);
    return made(Config, new Contents(amended(given, changes), this.#others, proved('withFields(): origin', origin, NAMED)));
  }

  /** Writes config.json into a directory, which is made if need be, as transformers opens it; answers its path. */
  save_pretrained(folder: string, options?: SaveOptions): Promise<string[]> {
    return saveInto(folder, { texts: { 'config.json': this.to_json_string() } }, options);
  }

  #select(needed: (field: Field<unknown>) => boolean): JsonObject {
    const { fields } = this.#schema;
    const chosen = Object.entries(this).filter(([name]) => this.#given.has(name) || needed(fields[name]));
    return copyOf({ ...this.#others, ...Object.fromEntries(chosen) });
  }
}

/** What a class with fields of its own extends. */
export interface ConfigBase<Fields extends FieldTable> {
  new (options?: ConfigOptions<Fields> | null): PreTrainedConfig & Values<Fields>;
  new (vocab_size_or_config_json_file: number | string, ...others: readonly unknown[]): PreTrainedConfig & Values<Fields>;
  readonly schema: Schema;
  from_dict: typeof PreTrainedConfig.from_dict;
  from_json_file: typeof PreTrainedConfig.from_json_file;
  from_pretrained: typeof PreTrainedConfig.from_pretrained;
}

/** What a configuration is made from: any of its fields. */
export type ConfigOptions<Fields extends FieldTable> = Partial<Values<Fields> & CommonFields & Sizes> & OldSize;

interface OldSize {
  /** The first argument of configurations in `pytorch_transformers`: a vocabulary size, or the path of a config.json that the other options amend. */
  readonly vocab_size_or_config_json_file?: number | string;
}

/** The class that configurations of a family extend. */
export function configOf<Fields extends FieldTable>(family: FamilyFields<Fields>): ConfigBase<Fields> {
  class FamilyConfig extends PreTrainedConfig {
    static override readonly schema = schemaOf(family);
  }
  return FamilyConfig as unknown as ConfigBase<Fields>;
}

/** A configuration that was made. */
export const CONFIG = kind<PreTrainedConfig>(
  'a configuration',
  (value) => isObject(value) && typeof value.to_json_string === 'function' && 'schema' in Object(value.constructor),
  'from_dict of its class makes one of an object',
);

/** The config.json of a model of a class. */
export const describing = (config: PreTrainedConfig, architecture: string): string =>
  written({ ...config.to_diff_dict(), architectures: [architecture] });

/** The config.json that travels in a trace: fields alone, since other keys may be a path or a secret of whoever wrote them. */
export function travelling(config: PreTrainedConfig): string {
  const { schema } = config.constructor as unknown as ConfigClass;
  return written(Object.fromEntries(Object.entries(config.to_diff_dict()).filter(([name]) => isField(schema, name))));
}
