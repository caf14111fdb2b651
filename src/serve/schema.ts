/**
 * A schema of JSON, as OpenAPI 3.1 has them: what a body is proved by is what the document says of it. Of the vocabulary only what is listed
 * here is there.
 */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean' | 'null';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

/** Where a value does not fit its schema, and how. */
export interface Misfit {
  /** Names and indexes from the outside in. */
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly got: unknown;
  /** Whether it is nothing where something is wanted. */
  readonly isEmpty?: boolean;
}

/** A half of a pair of UTF-16 units, which no UTF-8 has. */
const HALF = /\p{Surrogate}/u;

const TYPES: Readonly<Record<NonNullable<Schema['type']>, readonly [words: string, holds: (value: unknown) => boolean]>> = {
  object: ['an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)],
  array: ['an array', Array.isArray],
  string: ['a string', (value) => typeof value === 'string'],
  number: ['a number', Number.isFinite],
  integer: ['a whole number', Number.isSafeInteger],
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  null: ['null', (value) => value === null],
};

/** What a value of a schema is called. */
export function wordsOf({ type, enum: values, anyOf, items }: Schema): string {
  if (values) return values.map((value) => JSON.stringify(value)).join(' or ');
  if (anyOf) return [...new Set(anyOf.map(wordsOf))].join(', or ');
  if (type === 'array' && items?.type) return `an array of ${items.type}s`;
  return type ? TYPES[type][0] : 'any value';
}

/** Where `value` does not fit `schema` first; undefined where it does. */
export function misfit(schema: Schema, value: unknown, path: readonly (string | number)[] = []): Misfit | undefined {
  const { type, enum: values, anyOf } = schema;
  const wrong = (expected: string, isEmpty = false): Misfit => ({ path, expected, got: value, isEmpty });
  if (anyOf) return closest(anyOf, value, path);
  if (type && !TYPES[type][1](value)) return wrong(wordsOf(schema));
  if (values && !values.includes(value)) return wrong(wordsOf(schema));
  if (typeof value === 'string') return misfitOfText(schema, value, wrong);
  if (typeof value === 'number') return misfitOfNumber(schema, value, wrong);
  if (Array.isArray(value)) return misfitOfList(schema, value, path, wrong);
  return type === 'object' ? misfitWithin(schema, value as Record<string, unknown>, path) : undefined;
}

type Wrong = (expected: string, isEmpty?: boolean) => Misfit;

function misfitOfText({ minLength = 0 }: Schema, value: string, wrong: Wrong): Misfit | undefined {
  if (value.length < minLength) return wrong('a string that is not empty', true);
  return HALF.test(value) ? wrong('a string of whole characters') : undefined;
}

function misfitOfNumber({ minimum = -Infinity, maximum = Infinity }: Schema, value: number, wrong: Wrong): Misfit | undefined {
  if (value >= minimum && value <= maximum) return undefined;
  return wrong(maximum === Infinity ? `at least ${minimum}` : `a number from ${minimum} to ${maximum}`);
}

function misfitOfList({ items, minItems = 0, maxItems = Infinity }: Schema, value: readonly unknown[], path: Misfit['path'], wrong: Wrong) {
  if (value.length < minItems) return wrong(minItems === 1 ? 'an array that is not empty' : `at least ${minItems} elements`, true);
  if (value.length > maxItems) return wrong(`at most ${maxItems} elements`);
  for (let i = 0; items && i < value.length; i++) {
    const found = misfit(items, value[i], [...path, i]);
    if (found) return found;
  }
  return undefined;
}

function misfitWithin(
  { properties = {}, required = [], additionalProperties }: Schema,
  value: Record<string, unknown>,
  path: Misfit['path'],
) {
  for (const name of required) if (!Object.hasOwn(value, name)) return { path: [...path, name], expected: 'a value', got: undefined };
  for (const [name, schema] of Object.entries(properties)) {
    const found = Object.hasOwn(value, name) ? misfit(schema, value[name], [...path, name]) : undefined;
    if (found) return found;
  }
  if (typeof additionalProperties !== 'object') return undefined;
  for (const [name, each] of Object.entries(value)) {
    const found = Object.hasOwn(properties, name) ? undefined : misfit(additionalProperties, each, [...path, name]);
    if (found) return found;
  }
  return undefined;
}

/** Nothing where one of the schemas fits, else what is wrong by the one that is right the furthest in, of those of the type of the value. */
function closest(schemas: readonly Schema[], value: unknown, path: Misfit['path']): Misfit | undefined {
  const found = schemas.map((schema) => misfit(schema, value, path));
  if (found.includes(undefined)) return undefined;
  const ofType = found.filter((_, i) => holdsType(schemas[i], value)) as Misfit[];
  const [first, ...others] = ofType.toSorted((a, b) => Number(b.isEmpty ?? false) - Number(a.isEmpty ?? false));
  if (!first) return { path, expected: wordsOf({ anyOf: schemas }), got: value };
  return others.reduce((best, each) => (each.path.length > best.path.length ? each : best), first);
}

const holdsType = ({ type, anyOf }: Schema, value: unknown): boolean =>
  anyOf?.some((schema) => holdsType(schema, value)) ?? (type === undefined || TYPES[type][1](value));

/** An object with these properties, those named with a question mark left out where they are not given. */
export function object(fields: Readonly<Record<string, Schema>>, description?: string): Schema {
  const names = Object.keys(fields);
  return {
    type: 'object',
    ...(description && { description }),
    properties: Object.fromEntries(names.map((name) => [name.replace('?', ''), fields[name]])),
    required: names.filter((name) => !name.endsWith('?')),
  };
}

export const list = (items: Schema, more: Partial<Schema> = {}): Schema => ({ type: 'array', items, ...more });
export const either = (...anyOf: Schema[]): Schema => ({ anyOf });
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
export const text = (description?: string): Schema => ({ type: 'string', ...(description && { description }) });
/** A text that is not empty. */
export const FILLED: Schema = { type: 'string', minLength: 1 };
export const NUMBER: Schema = { type: 'number' };
export const COUNT: Schema = { type: 'integer', minimum: 0 };
export const SIZE: Schema = { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 };
export const ID: Schema = { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 };
export const flag = (value: boolean, description?: string): Schema => ({
  type: 'boolean',
  default: value,
  ...(description && { description }),
});
export const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
