import { TraceletError } from './error.ts';
import { describe, isObject } from './json.ts';
import { didYouMean } from './nearest.ts';
import { isFunction, isSignal } from './realm.ts';
import { type Kind, kind } from './schema.ts';

/** The options that a function knows, and what each may be. */
export type OptionTable<Options> = { readonly [Name in keyof Required<Options>]: Kind<unknown> };

export const FUNCTION = kind<unknown>('a function', isFunction);
export const SIGNAL = kind<AbortSignal>('an AbortSignal', isSignal);
export const OBJECT = kind<object>('an object', isObject);
export const NUMBER = kind<number>('a finite number', Number.isFinite);
export const NAMED = kind<string>('a string that is not empty', (value) => typeof value === 'string' && value !== '');
export const TOKENIZER = kind<unknown>('a tokenizer', (value) => isFunction(value) && 'encode_plus' in value);
/** For what is proved where it is used. */
export const ANY = kind<unknown>('any value', () => true);

/** `value` as one of its kind. Throws a `value` error that names `what`. */
export function proved<T>(what: string, value: unknown, { expected, read, cure }: Kind<T>): T {
  const known = read(value);
  if (known !== undefined) return known;
  throw new TraceletError('value', { what, expected, got: describe(value), cure });
}

/** What to do instead of giving an option of some name, where that is more than its nearest name. */
export type CureOf = (name: string, value: unknown) => string | undefined;

/** The cures of a table by name. */
export const curesIn =
  (table: Readonly<Record<string, string>>): CureOf =>
  (name) =>
    Object.hasOwn(table, name) ? table[name] : undefined;

const MOST_LISTED = 16;

/** That `what` has no option `name`. What was given under it is not shown: it may be a secret. */
export function unknownOption(what: string, name: string, known: readonly string[], cure?: string): TraceletError {
  return new TraceletError('value', {
    what: `${what}: option ${describe(name)}`,
    expected: known.length > MOST_LISTED ? 'an option that it has' : `one of ${known.join(', ')}`,
    got: known.length > MOST_LISTED ? 'another name' : 'a name that is none of them',
    cure: cure ?? didYouMean(name, known),
  });
}

/**
 * The options given to `what`, without those that are undefined, or null where null means nothing. Throws a `value` error for names that are not in
 * the table, with the nearest that is, and for values of another kind.
 */
export function checkOptions<Options extends object>(
  what: string,
  options: Options | null | undefined,
  table: OptionTable<Options>,
  cureOf?: CureOf,
): Options {
  if (options === undefined || options === null) return {} as Options;
  if (!isObject(options)) throw new TraceletError('value', { what: `${what}: options`, expected: 'an object', got: describe(options) });
  const checked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(table, name)) throw unknownOption(what, name, Object.keys(table), cureOf?.(name, value));
    const { expected, read, cure, secret } = table[name as keyof Options];
    const known = read(value);
    if (known !== undefined) checked[name] = known;
    else if (value !== null)
      throw new TraceletError('value', {
        what: `${what}: option ${name}`,
        expected,
        got: secret ? 'something else' : describe(value),
        cure,
      });
  }
  return checked as Options;
}
