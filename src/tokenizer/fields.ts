import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject } from '../base/json.ts';
import { COUNT, FLAG, type Kind, kind, TEXT } from '../base/schema.ts';
import { MOST_GROWTH } from './chars.ts';
import { known } from './known.ts';

/** The fields of a part of tokenizer.json, and what messages call it. */
export interface Fields {
  name: string;
  json: JsonObject;
}

/** The field `key`, proved; `instead` where it is absent. Throws a `format` error. */
export function field<T>({ name, json }: Fields, key: string, { expected, read }: Kind<T>, instead?: T): T {
  const value = json[key] ?? undefined;
  const known = value === undefined ? instead : read(value);
  if (known !== undefined) return known;
  throw new TraceletError('format', { what: `${key} of ${name}`, expected, got: describe(json[key]) });
}

const CHARACTER = kind<string>('one character', (value) => typeof value === 'string' && Array.from(value).length === 1);

const SHORT = kind<string>(
  `a text of at most ${MOST_GROWTH} characters`,
  (value) => typeof value === 'string' && value.length <= MOST_GROWTH,
);

export const VOCAB = kind<Record<string, number>>('ids of tokens', isObject);

export const flag = (fields: Fields, key: string, instead?: boolean): boolean => field(fields, key, FLAG, instead);
export const flagOrNull = (fields: Fields, key: string): boolean | undefined => (fields.json[key] == null ? undefined : flag(fields, key));
export const text = (fields: Fields, key: string, instead?: string): string => field(fields, key, TEXT, instead);
/** A text that may come in place of any character. */
export const shortText = (fields: Fields, key: string): string => field(fields, key, SHORT);
export const count = (fields: Fields, key: string, instead?: number): number => field(fields, key, COUNT, instead);
export const character = (fields: Fields, key: string): string => field(fields, key, CHARACTER);

/** Reads a part of tokenizer.json of one type. */
export type Reader<Part> = (fields: Fields) => Part;
/** Readers by the type of part they read. */
export type Registry<Part> = Readonly<Record<string, Reader<Part>>>;

/** What can be done about a part or a file that is not known, if anything. */
export const cureOfUnknown = (): { cure?: string } => (known.all ? {} : { cure: known.load ? LATE : BERT_ALONE });

const LATE = "from_pretrained and jit.load load what a file needs; import 'tracelet/tokenizer' as well to have all parts at once";
const BERT_ALONE = "tracelet/jit alone knows the tokenizers of BERT: import 'tracelet/tokenizer' as well for all others";

/** The part of tokenizer.json that `value` describes. Throws an `unsupported` error for a type that is not known, with those that are. */
export function partOf<Part>(name: string, value: unknown, registry: Registry<Part>): Part {
  const json = isObject(value) ? value : {};
  const { type } = json;
  if (typeof type === 'string' && Object.hasOwn(registry, type)) return registry[type]({ name: `${name} ${type} of tokenizer.json`, json });
  throw new TraceletError(typeof type === 'string' ? 'unsupported' : 'format', {
    what: `${name} of tokenizer.json`,
    expected: `a part of type ${Object.keys(registry).sort().join(', ')}`,
    got: typeof type === 'string' ? describe(type) : describe(value),
    ...(typeof type === 'string' && cureOfUnknown()),
  });
}

/** The parts in the list `key` of a part. */
export function partsIn<Part>({ name, json }: Fields, key: string, part: (name: string, value: unknown) => Part): Part[] {
  const list = json[key];
  if (!Array.isArray(list)) throw new TraceletError('format', { what: `${key} of ${name}`, expected: 'an array', got: describe(list) });
  return list.map((value, i) => part(`${key}[${i}]`, value));
}
