import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { type Kind, kind } from '../base/schema.ts';
import type { AddedToken, Pattern } from './added.ts';
import type { Vocab } from './vocab.ts';

/** The roles a special token can have, in the order of `all_special_tokens`. */
export const ROLES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const;
export type Role = (typeof ROLES)[number];

/** The text of a token. */
export const contentOf = (value: unknown): unknown => (isObject(value) ? value.content : value);
const isToken = (value: unknown): boolean => typeof contentOf(value) === 'string' && contentOf(value) !== '';

export const TOKEN = kind<string | AddedToken>('a token with a content that is not empty', isToken);
export const TOKEN_LIST: Kind<readonly (string | AddedToken)[]> = {
  expected: 'an array of tokens',
  read: (value) => (Array.isArray(value) ? Array.from(value) : undefined),
};
export const TOKENS_OR_NAMED: Kind<readonly (string | AddedToken)[] | Readonly<Record<string, string | AddedToken>>> = {
  expected: 'an array of tokens, or tokens by name',
  read: (value) => TOKEN_LIST.read(value) ?? (isObject(value) ? (value as Record<string, string>) : undefined),
};

/** The token of a role; null where the tokenizer has none and may do without. */
export function roleToken(role: Role, value: unknown, needed: readonly Role[]): AddedToken | null {
  return value === null && !needed.includes(role) ? null : special(role, value);
}

/** The token that `value` is, special. */
export const special = (what: string, value: unknown): AddedToken => ({
  ...addedToken(what, typeof value === 'string' ? { content: value } : value),
  special: true,
});

const FLAGS = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const;

/** The known fields of `value`, proved to be a token with flags that are flags. */
export function addedToken(what: string, value: unknown): AddedToken {
  const content = isObject(value) ? value.content : undefined;
  if (typeof content !== 'string' || content === '')
    throw new TraceletError('config', { what, expected: TOKEN.expected, got: describe(content ?? value) });
  const token = value as AddedToken;
  const given = FLAGS.filter((flag) => token[flag] !== undefined && token[flag] !== null);
  const wrong = given.find((flag) => typeof token[flag] !== 'boolean');
  if (wrong) throw new TraceletError('config', { what: `${wrong} of ${what}`, expected: 'true or false', got: describe(token[wrong]) });
  const { content: text, id } = token;
  return { content: text, ...(id !== undefined && id !== null && { id }), ...Object.fromEntries(given.map((flag) => [flag, token[flag]])) };
}

/** With what says where it is looked for. */
export const settled = (token: AddedToken): AddedToken => ({ ...token, normalized: token.normalized ?? !token.special });

/** Whether two tokens of one content are the same. */
export const isMatchedAlike = (a: AddedToken, b: AddedToken): boolean => FLAGS.every((flag) => !a[flag] === !b[flag]);

/**
 * Gives every token its id: that of the vocabulary, the one it asks for, or the next free one behind the vocabulary. Of equal tokens the last decides
 * how it is matched.
 */
export function placeTokens({ lookup, tokens }: Vocab, added: readonly AddedToken[]): Pattern[] {
  const placed = new Map<string, Pattern>();
  const taken = new Map<number, string>();
  let next = added.reduce((top, { id = -1 }) => Math.max(top, id + 1), tokens.length);
  for (const token of added) {
    const text = token.content;
    const found = lookup.find(text);
    const known = found < 0 ? placed.get(text)?.id : found;
    const id = known ?? token.id ?? next++;
    const holder = tokens[id] ?? taken.get(id);
    if ((token.id !== undefined && token.id !== id) || !Number.isInteger(id) || id < 0 || (holder !== undefined && holder !== text))
      throw new TraceletError('config', {
        what: `id of added token ${describe(text)}`,
        expected: known === undefined ? 'a free id behind the vocabulary' : `${known} as in the vocabulary`,
        got: `${describe(token.id)}${known === undefined && holder !== undefined ? `, which ${describe(holder)} has` : ''}`,
      });
    taken.set(id, text);
    placed.set(text, { text, id, token: settled(token) });
  }
  return [...placed.values()];
}
