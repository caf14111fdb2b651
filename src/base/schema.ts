import { describe, isObject, type JsonObject } from './json.ts';

/** A sort of value: what messages call it and which values are of it. */
export interface Kind<T> {
  expected: string;
  /** `value` in its canonical form, or undefined where it is not of this sort. */
  read(value: unknown): T | undefined;
  cure?: string;
  /** Messages do not show a value. */
  secret?: boolean;
}

export interface Field<T> extends Kind<T> {
  default: T;
  /** What it takes to be written: nothing, to be asked for every field, or to have been given. */
  written: 'always' | 'in full' | 'if given';
  /** What a file may say as well. */
  inFile?: Kind<T>;
  /** No answer depends on it, so that the default stands in for what a file should not say: with a warning, or in silence as in transformers. */
  idle?: 'told' | 'silent';
}

export const MAX_SIZE = 2 ** 31 - 1;

export function kind<T>(expected: string, holds: (value: unknown) => boolean, cure?: string): Kind<T> {
  return { expected, read: (value) => (holds(value) ? (value as T) : undefined), cure };
}

const number = (value: unknown, low: number, high: number): boolean => typeof value === 'number' && value >= low && value <= high;
const whole = (low: number) => (value: unknown) => Number.isInteger(value) && number(value, low, MAX_SIZE);
const text = (value: unknown): boolean => typeof value === 'string';

export const SIZE = kind<number>(`a whole number from 1 to ${MAX_SIZE}`, whole(1));
export const upTo = (low: number, high: number): Kind<number> =>
  kind(`a whole number from ${low} to ${high}`, (value) => whole(low)(value) && number(value, low, high));
const MOST_LABELS = 1 << 17;
export const LABEL_COUNT = upTo(1, MOST_LABELS);
export const LABEL_COUNT_OR_NONE = upTo(0, MOST_LABELS);
export const LAYER_COUNT = upTo(1, 1024);
export const COUNT = kind<number>(`a whole number from 0 to ${MAX_SIZE}`, whole(0));
export const WHOLE = kind<number>(`a whole number from ${-MAX_SIZE} to ${MAX_SIZE}`, whole(-MAX_SIZE));
export const PROBABILITY = kind<number>('a number from 0 to 1', (value) => number(value, 0, 1));
export const DEVIATION = kind<number>('a finite number from 0', (value) => number(value, 0, Number.MAX_VALUE));
export const POSITIVE = kind<number>('a finite number above 0', (value) => number(value, Number.MIN_VALUE, Number.MAX_VALUE));
export const FLAG = kind<boolean>('true or false', (value) => typeof value === 'boolean');
export const TEXT = kind<string>('a string', text);
export const NAMES = kind<readonly string[]>('an array of strings', (value) => Array.isArray(value) && Array.from(value).every(text));
export const TOKENS = kind<number | readonly number[]>('a token id or an array of them', (value) => [value].flat().every(whole(0)));
export const EMPTY = kind<JsonObject>(
  'an empty object',
  (value) => isObject(value) && Object.keys(value).length === 0,
  'Prune the checkpoint',
);

export function oneOf<T>(values: readonly T[], cure?: string): Kind<T> {
  const expected = values.length === 1 ? `only ${describe(values[0])}` : `one of ${values.map(describe).join(', ')}`;
  return kind<T>(expected, (value) => values.includes(value as T), cure);
}

export function orNull<T>({ expected, read, cure }: Kind<T>): Kind<T | null> {
  return { expected: `${expected}, or null`, read: (value) => (value === null ? null : read(value)), cure };
}

/** With null for `value`. */
export const nullAs = <T>(value: T, { expected, read, cure }: Kind<T>): Kind<T> => ({
  expected,
  read: (given) => (given === null ? value : read(given)),
  cure,
});

export const LABELS: Kind<Readonly<Record<number, string>>> = {
  expected: 'a label for each id from 0',
  read(value) {
    const keys = isObject(value) ? Object.keys(value) : [];
    const whole = keys.length > 0 && keys.every((key, i) => key === `${i}` && text((value as JsonObject)[key]));
    return whole ? (value as Record<number, string>) : undefined;
  },
};

/** Whether it is of a kind that files hold. */
const isContent = (value: unknown): boolean => ['string', 'number', 'boolean', 'object'].includes(typeof value);

/** Labels as files have them: under whole numbers, and not always strings. */
export const ANY_LABELS: Kind<Readonly<Record<number, string>>> = {
  expected: 'a label for each of some whole numbers',
  read(value) {
    if (!isObject(value) || !Object.entries(value).every(([id, label]) => /^\d+$/.test(id) && isContent(label))) return undefined;
    const labels = Object.entries(value).map(([id, label]) => [id, typeof label === 'string' ? label : describe(label)] as const);
    return Object.fromEntries(labels) as Record<number, string>;
  },
};

export const LABEL_IDS: Kind<Readonly<Record<string, number>>> = {
  expected: 'an id for each label',
  read(value) {
    if (!isObject(value)) return undefined;
    const ids = Object.entries(value).map(([label, id]) => [label, text(id) && /^\d+$/.test(id as string) ? Number(id) : id] as const);
    return ids.every(([, id]) => whole(0)(id)) ? Object.fromEntries(ids as [string, number][]) : undefined;
  },
};

export const core = <T>(value: T, sort: Kind<T>): Field<T> => ({ ...sort, default: value, written: 'always' });
export const other = <T>(value: T, sort: Kind<T>): Field<T> => ({ ...sort, default: value, written: 'in full' });
export const seldom = <T>(value: T, sort: Kind<T>): Field<T> => ({ ...sort, default: value, written: 'if given' });
export const idle = <T>(field: Field<T>, how: Field<T>['idle']): Field<T> => ({ ...field, idle: how });
