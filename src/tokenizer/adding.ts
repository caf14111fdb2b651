import { isObject } from '../base/json.ts';
import { checkOptions, type OptionTable, proved } from '../base/options.ts';
import { FLAG, kind } from '../base/schema.ts';
import type { AddedToken } from './added.ts';
import type { Made } from './made.ts';
import { addedToken, contentOf, ROLES, type Role, settled, special, TOKEN, TOKEN_LIST } from './roles.ts';
import { specialsIn, withTokens } from './settings.ts';

/** Options of `add_tokens`. */
export interface AddTokensOptions {
  /** Whether the tokens are special: skipped when decoding, and not looked for in the normalized text. Default false. */
  special_tokens?: boolean | null;
}

/** Options of `add_special_tokens`. */
export interface AddSpecialTokensOptions {
  /** Whether `extra_special_tokens` take the place of those before, which stay added tokens. Default true. */
  replace_extra_special_tokens?: boolean | null;
}

/** Special tokens by their roles. */
export type SpecialTokens = { [Name in Role]?: string | AddedToken | null } & {
  extra_special_tokens?: readonly (string | AddedToken)[] | null;
  /** The old name of `extra_special_tokens`, which prevails. */
  additional_special_tokens?: readonly (string | AddedToken)[] | null;
};

export type NewTokens = string | AddedToken | readonly (string | AddedToken)[];

const TOKENS = kind<NewTokens>(
  'a token or an array of tokens',
  (value) => typeof value === 'string' || Array.isArray(value) || isObject(value),
);
const ADD_OPTIONS: OptionTable<AddTokensOptions> = { special_tokens: FLAG };
const SPECIAL_OPTIONS: OptionTable<AddSpecialTokensOptions> = { replace_extra_special_tokens: FLAG };
const SPECIAL_TOKENS: OptionTable<SpecialTokens> = {
  ...(Object.fromEntries(ROLES.map((role) => [role, TOKEN])) as Record<Role, typeof TOKEN>),
  extra_special_tokens: TOKEN_LIST,
  additional_special_tokens: TOKEN_LIST,
};

/** Adds tokens to a tokenizer; answers how many are new or differ from what it had under their names. */
export function addTokens(made: Made, tokens: NewTokens, options?: AddTokensOptions | null): number {
  const { special_tokens: areSpecial = false } = checkOptions('add_tokens()', options, ADD_OPTIONS);
  const list = [proved('tokens', tokens, TOKENS)].flat() as readonly (string | AddedToken)[];
  const read = areSpecial ? special : plain;
  const wanted = Array.from(list).flatMap((token, i) => (contentOf(token) === '' ? [] : read(`tokens[${i}]`, token)));
  const held = new Set(specialsIn(made.settings));
  const kept = wanted.map((token) => (held.has(token.content) ? { ...settled(token), special: true } : token));
  const { added, count } = withTokens(made.settings, made.settings.parts.model.vocab, kept);
  made.change({ added });
  return count;
}

/** Gives tokens to roles, and adds them; answers as {@link addTokens}. */
export function addSpecialTokens(made: Made, tokens: SpecialTokens, options?: AddSpecialTokensOptions | null): number {
  const { settings } = made;
  const { replace_extra_special_tokens: replaces = true } = checkOptions('add_special_tokens()', options, SPECIAL_OPTIONS);
  const checked = checkOptions('add_special_tokens()', tokens, SPECIAL_TOKENS);
  const { additional_special_tokens: additional, extra_special_tokens: extra = additional, ...named } = checked;
  const roles = Object.entries(named).map(([role, token]) => [role, special(role, token)] as const);
  const before = replaces && extra?.length ? [] : settings.additional_special_tokens;
  const others = (extra ?? [])
    .map((token, i) => special(`extra_special_tokens[${i}]`, token))
    .filter(({ content }) => !before.includes(content));
  const { added, count } = withTokens(settings, settings.parts.model.vocab, [...roles.map(([, token]) => token), ...others]);
  const ids = new Map(added.map(({ text, id }) => [text, id]));
  const fillers = roles.map(([role, { content }]) => [role, { token: content, id: ids.get(content) as number }]);
  made.change({
    added,
    roles: { ...settings.roles, ...Object.fromEntries(fillers) },
    additional_special_tokens: [...new Set([...before, ...others.map(({ content }) => content)])],
  });
  return count;
}

const plain = (what: string, token: string | AddedToken): AddedToken =>
  addedToken(what, typeof token === 'string' ? { content: token } : token);
