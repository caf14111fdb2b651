import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { unknownOption } from '../base/options.ts';
import { type Kind, kind, oneOf } from '../base/schema.ts';
import type { Nested } from './nested.ts';
import { Tensor, type TensorLike, tensorLike } from './tensor.ts';

/** What ops take for a tensor: one, a number, arrays of numbers, or what was left of a tensor that was posted. */
export type Operand = Tensor | TensorLike | Nested;

/** A parameter of a function: the values it takes, whether it may be left out, and whether it is given by name alone. */
export interface Argument<T = unknown> extends Kind<T> {
  optional?: boolean;
  named?: boolean;
}

export const optional = <T>(sort: Kind<T>): Argument<T> => ({ ...sort, optional: true });
export const named = <T>(sort: Kind<T>): Argument<T> => ({ ...sort, optional: true, named: true });

/** The parameter of activations that says whether they write to their input. */
export const INPLACE = { inplace: optional(oneOf([false], 'Ops answer a new tensor: take that')) };

const isNumbers = (value: unknown): boolean =>
  ['number', 'bigint', 'boolean'].includes(typeof value) || Array.isArray(value) || ArrayBuffer.isView(value);

/** Whether it is a number beyond the whole ones that float32 holds all of. */
const isLarge = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) > 2 ** 24;

/** A tensor, or what becomes one. */
export const TENSOR: Kind<Tensor> = {
  expected: 'a tensor',
  read: (value) =>
    tensorLike(value) ??
    (isLarge(value) ? new Tensor('float32', [], [value]) : isNumbers(value) ? Tensor.from(value as Nested) : undefined),
  cure: 'Make one with tensor([...])',
};

export const TENSORS: Kind<readonly Tensor[]> = {
  expected: 'an array of tensors',
  read(value) {
    const given = Array.isArray(value) ? Array.from(value, TENSOR.read) : [undefined];
    return given.every((tensor) => tensor !== undefined) ? given : undefined;
  },
};

export const WHOLE = kind<number>('a whole number', Number.isInteger);

/** One whole number or several. */
export const WHOLES: Kind<readonly number[]> = {
  expected: 'whole numbers',
  read: (value) => ([value].flat().every(Number.isInteger) ? ([value].flat() as number[]) : undefined),
};

export const NUMERIC = kind<number>('a number', (value) => typeof value === 'number');

const isKeywords = (value: unknown): boolean => isObject(value) && !tensorLike(value);

/** What was given by place, and by name in an object behind it. */
function sorted(what: string, given: readonly unknown[], table: Readonly<Record<string, Argument>>, places: readonly string[]) {
  const byPlace = [...given];
  while (byPlace.length > 0 && byPlace.at(-1) === undefined) byPlace.pop();
  const last = byPlace.at(-1);
  const place = places[byPlace.length - 1];
  const keywords = isKeywords(last) && (place === undefined || table[place].read(last) === undefined);
  const byName = keywords ? (byPlace.pop() as Record<string, unknown>) : {};
  if (byPlace.length > places.length)
    throw new TraceletError('value', {
      what,
      expected: `at most ${places.length} arguments (${places.join(', ')})`,
      got: `${byPlace.length}`,
      cure: 'Behind them may stand an object of names, as keyword arguments in Python',
    });
  for (const name of Object.keys(byName)) {
    if (!Object.hasOwn(table, name)) throw unknownOption(what, name, Object.keys(table));
    const at = places.indexOf(name);
    if (at >= 0 && at < byPlace.length)
      throw new TraceletError('value', { what: `${what}: ${name}`, expected: 'one value', got: 'two, by place and by name' });
  }
  return { byPlace, byName };
}

/**
 * The arguments of a call in the order of `table`, undefined where one was left out. They are given by place, as in Python, and the last
 * ones by name in an object. Throws `value` errors for too many of them, unknown names, and values of another kind.
 */
export function readArguments(what: string, given: readonly unknown[], table: Readonly<Record<string, Argument>>): unknown[] {
  const places = Object.keys(table).filter((name) => !table[name].named);
  const { byPlace, byName } = sorted(what, given, table, places);
  return Object.entries(table).map(([name, argument]) => {
    const at = places.indexOf(name);
    const value = at >= 0 && at < byPlace.length ? byPlace[at] : byName[name];
    const absent = value === undefined || value === null;
    if (absent && argument.optional) return undefined;
    const known = absent ? undefined : argument.read(value);
    if (known !== undefined) return known;
    const { expected, cure } = argument;
    throw new TraceletError('value', { what: `${what}: ${name}`, expected, got: absent ? 'nothing' : describe(value), cure });
  });
}

// biome-ignore lint/suspicious/noExplicitAny: arguments are contravariant, so nothing narrower takes every function
type Taking = (...args: any[]) => any;

/** A function `F` that reads its arguments by {@link readArguments}; `body` gets all of `table`, in order. */
export const taking = <F extends Taking>(
  what: string,
  table: Readonly<Record<string, Argument>>,
  body: (...args: Parameters<Taking>) => ReturnType<F>,
): F => ((...given: unknown[]) => body(...readArguments(what, given, table))) as F;
