import { platform } from '#platform';
import { TraceletError } from '../base/error.ts';
import { TextEncoder } from '../base/globals.ts';
import { describe, isObject } from '../base/json.ts';
import type { TextInput } from '../tokenizer/index.ts';

/** A text of a source, under the id that its vector gets; ids follow from texts unless given. */
export interface BatchRecord {
  id?: string | number | bigint;
  text: TextInput;
}

/** A text that has its id. */
export type Identified = readonly [id: string, text: TextInput];

const ID_DIGITS = 32;
const MOST_ID = 512;

/** The first 32 hexadecimal digits of the SHA-256 of `text` in UTF-8. */
export async function hashOf(text: string): Promise<string> {
  return (await platform.sha256(new TextEncoder().encode(text))).slice(0, ID_DIGITS);
}

/** The id of a text that has none: its hash, or that of `[text, pair]` as JSON. */
export const idOf = (text: TextInput): Promise<string> => hashOf(typeof text === 'string' ? text : JSON.stringify(text));

/** `given`, which a source calls `what`, with its id. Throws `value` errors for what is no text, and for ids that not every sink takes. */
export async function identified(given: unknown, what: string): Promise<Identified> {
  const { id, text } = isObject(given) ? given : { id: undefined, text: given };
  const input = proveText(text, `${what}${isObject(given) ? '.text' : ''}`);
  return [id === undefined || id === null ? await idOf(input) : proveId(id, `${what}.id`), input];
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Throws a `value` error for what is neither a text nor one with its pair. */
export function proveText(value: unknown, what: string): TextInput {
  if (isText(value) || (Array.isArray(value) && value.length === 2 && value.every(isText))) return value as TextInput;
  throw new TraceletError('value', { what, expected: 'a string or [text, pair]', got: describe(value) });
}

/** Throws a `value` error for what cannot be the key of a row. */
export function proveId(value: unknown, what: string): string {
  const id = Number.isSafeInteger(value) || typeof value === 'bigint' ? `${value}` : value;
  if (isText(id) && id !== '' && id.length <= MOST_ID && !/[\p{Cc}\p{Cs}]/u.test(id)) return id;
  throw new TraceletError('value', {
    what,
    expected: `a whole number, or up to ${MOST_ID} characters without control characters`,
    got: describe(value),
  });
}
