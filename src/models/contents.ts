import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextEncoder } from '../base/globals.ts';
import { describe, isObject, type JsonObject, nestsBeyond, parseObject } from '../base/json.ts';
import { nearest } from '../base/nearest.ts';
import { checkOptions, FUNCTION, NAMED, proved, unknownOption } from '../base/options.ts';
import type { OnWarn } from '../base/warn.ts';
import { refusePointer } from '../sources/head.ts';
import type { ConfigClass, PreTrainedConfig } from './config.ts';
import { amended, bad, fieldsOf, fieldsOfFile, isField, optionsFor, present, renamed, type Schema } from './fields.ts';

/** What a configuration is made of, once it is read. */
export class Contents {
  readonly given: JsonObject;
  readonly others: JsonObject;
  readonly origin: string;

  constructor(given: JsonObject, others: JsonObject, origin: string) {
    this.given = given;
    this.others = others;
    this.origin = origin;
  }
}

/** What the arguments of the constructor say, over the file that they name if they name one. */
export function fromCaller(schema: Schema, name: string, args: readonly unknown[]): Contents {
  const { vocab_size_or_config_json_file: first, ...rest } = namedArguments(schema, name, args);
  const given = (fields: JsonObject) => fieldsOf(schema, present(renamed(schema, fields, name)), name);
  if (typeof first === 'string') return fromPath(schema, `${name}.from_json_file`, first, given(rest));
  return new Contents(given({ vocab_size_or_config_json_file: first, ...rest }), {}, name);
}

function namedArguments(schema: Schema, what: string, args: readonly unknown[]): JsonObject {
  const { positional: order } = schema;
  const known = Object.keys(optionsFor(schema));
  const last = args.at(-1);
  const named = isObject(last) ? last : undefined;
  const positional = named ? args.slice(0, -1) : args;
  const given: JsonObject = {};
  for (const [at, value] of positional.entries()) {
    if (value === undefined || (value === null && args.length === 1)) continue;
    const name = at === 0 ? 'vocab_size_or_config_json_file' : order[at];
    if (name === undefined)
      throw new TraceletError('value', {
        what: `${what}()`,
        expected: `at most ${order.length} fields by position`,
        got: `${args.length} arguments`,
        cure: 'Give the others by name, as { torchscript: true }',
      });
    given[name] = value;
  }
  for (const name of Object.keys(named ?? {})) {
    const kept = `${what}.from_dict takes the contents of a config.json, with all its keys`;
    if (!known.includes(name)) throw unknownOption(`${what}()`, name, known, nearest(name, known) ? undefined : kept);
    if (name in given) throw bad(name, what, 'it once', 'it by position and by name');
  }
  return { ...given, ...named };
}

/** A configuration from a file, and what amends it. */
export function fromFile(
  schema: Schema,
  dict: Readonly<JsonObject>,
  origin: string,
  onwarn?: OnWarn,
  amendments: JsonObject = {},
): Contents {
  const said = present(renamed(schema, dict, origin));
  const others = Object.entries(said).filter(([name]) => !isField(schema, name));
  return new Contents(
    amended(fieldsOfFile(schema, said, origin, onwarn), amendments),
    Object.fromEntries(others.map(([name, value]) => [name, copied(name, value, origin)])),
    origin,
  );
}

/** What a class is called. */
export const nameOf = (Config: object): string => (Config as { name: string }).name;

/** A configuration of these contents. */
export const made = <C extends PreTrainedConfig>(Config: ConfigClass<C>, contents: Contents): C => new Config(contents as never);

/** {@link PreTrainedConfig.from_dict} of a class. */
export function fromDict<C extends PreTrainedConfig>(
  Config: ConfigClass<C>,
  dict: Readonly<JsonObject>,
  overrides: object = {},
  origin = `${nameOf(Config)}.from_dict`,
  onwarn?: OnWarn,
): C {
  const { schema } = Config;
  proved(`${nameOf(Config)}.from_dict: origin`, origin, NAMED);
  if (onwarn) proved(`${nameOf(Config)}.from_dict: onwarn`, onwarn, FUNCTION);
  if (!isObject(dict)) throw new TraceletError('config', { what: origin, expected: 'an object', got: describe(dict) });
  const amendments = renamed(
    schema,
    { ...checkOptions<JsonObject>('overrides', overrides as JsonObject, optionsFor(schema)) },
    'overrides',
  );
  return made(Config, fromFile(schema, dict, origin, onwarn, fieldsOf(schema, present(amendments), 'overrides')));
}

/** The fields of a configuration among options. */
export function amendmentsIn(schema: Schema, options: object): JsonObject {
  const table = optionsFor(schema);
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(table, name)));
}

export function fromPath(schema: Schema, what: string, path: string, amendments?: JsonObject): Contents {
  proved(what, path, { ...NAMED, expected: 'a path' });
  const text = platform.readTextSync(path);
  refusePointer(new TextEncoder().encode(text), path);
  return fromFile(schema, parseObject(text, path), path, undefined, amendments);
}

const DEEPEST = 200;

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

/** The contents of a config.json: sorted keys, indented by 2, ending in a newline. */
export const written = (dict: JsonObject): string => `${JSON.stringify(sorted(dict), null, 2)}\n`;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
