import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import type { OptionTable } from '../base/options.ts';
import { FLAG, kind, NAMES, orNull } from '../base/schema.ts';
import type { AddedToken, Pattern } from './added.ts';
import type { IdOf, Parts } from './interfaces.ts';
import {
  addedToken,
  isMatchedAlike,
  placeTokens,
  ROLES,
  type Role,
  roleToken,
  settled,
  special,
  TOKEN,
  TOKEN_LIST,
  TOKENS_OR_NAMED,
} from './roles.ts';
import type { Filler } from './row.ts';
import type { Side } from './sequence.ts';
import type { Vocab } from './vocab.ts';

/** Options of every tokenizer, named as in Hugging Face transformers. A special token that the vocabulary lacks has an id behind it. */
export interface TokenizerOptions {
  bos_token?: string | AddedToken | null;
  eos_token?: string | AddedToken | null;
  unk_token?: string | AddedToken | null;
  sep_token?: string | AddedToken | null;
  cls_token?: string | AddedToken | null;
  pad_token?: string | AddedToken | null;
  mask_token?: string | AddedToken | null;
  additional_special_tokens?: readonly (string | AddedToken)[] | null;
  /** The name of `additional_special_tokens` since transformers 5, and prevails over it; or special tokens by names such as `image_token`. */
  extra_special_tokens?: readonly (string | AddedToken)[] | Readonly<Record<string, string | AddedToken>> | null;
  /** Tokens recognised whole; a special token listed here takes its matching rules from here. */
  added_tokens?: readonly AddedToken[] | null;
  /** Whether special tokens in a text are split like other words. Default false. */
  split_special_tokens?: boolean | null;
  /** Length in tokens that `truncation` and `padding: 'max_length'` take for themselves; absent or over 1e20 is no limit. */
  model_max_length?: number | null;
  /** The old name of `model_max_length`, which prevails. */
  max_len?: number | null;
  /** Default right. */
  padding_side?: Side | null;
  /** Default right. */
  truncation_side?: Side | null;
  /** Whether `decode` closes up punctuation. Default false, and true for BERT. */
  clean_up_tokenization_spaces?: boolean | null;
  /** What models are given of texts. Without `token_type_ids`, those of a pair are not told apart by them. */
  model_input_names?: readonly string[] | null;
}

const SIDE = kind<Side>("'left' or 'right'", (value) => value === 'left' || value === 'right');
const LIMIT = kind<number>('a positive number', (value) => typeof value === 'number' && value > 0);
const ROLE = orNull(TOKEN);

/** What each option of every tokenizer may be. */
export const TOKENIZER_OPTIONS: OptionTable<TokenizerOptions> = {
  bos_token: ROLE,
  eos_token: ROLE,
  unk_token: ROLE,
  sep_token: ROLE,
  cls_token: ROLE,
  pad_token: ROLE,
  mask_token: ROLE,
  additional_special_tokens: TOKEN_LIST,
  extra_special_tokens: TOKENS_OR_NAMED,
  added_tokens: TOKEN_LIST,
  split_special_tokens: FLAG,
  model_max_length: LIMIT,
  max_len: LIMIT,
  padding_side: SIDE,
  truncation_side: SIDE,
  clean_up_tokenization_spaces: FLAG,
  model_input_names: NAMES,
};

/** Options proved: without those that are not given. */
export type Proved<Options> = {
  [Name in keyof Options]: Name extends Role | 'strip_accents' ? Options[Name] | null : Exclude<Options[Name], null>;
};

/** Checked options with their defaults, but for the parts. */
export interface Shared {
  roles: Record<Role, Filler | null>;
  additional_special_tokens: readonly string[];
  /** By name. */
  extra_special_tokens: Readonly<Record<string, string>>;
  added: readonly Pattern[];
  split_special_tokens: boolean;
  model_max_length: number;
  padding_side: Side;
  truncation_side: Side;
  clean_up_tokenization_spaces: boolean;
  model_input_names: readonly string[];
}

/** What a tokenizer does. */
export interface Settings extends Shared {
  parts: Parts;
  /** Words between whitespace that the model gets as they are. */
  never_split: readonly string[];
}

/** What models are given unless said otherwise, and what they are given of tokenizers that are of no model's class. */
export const INPUT_NAMES: readonly string[] = ['input_ids', 'token_type_ids', 'attention_mask'];
export const INPUT_NAMES_OF_NO_MODEL: readonly string[] = ['input_ids', 'attention_mask'];

const DEFAULTS = {
  split_special_tokens: false,
  padding_side: 'right',
  truncation_side: 'right',
  clean_up_tokenization_spaces: false,
  model_input_names: INPUT_NAMES,
} as const;

export type Roles = Readonly<Record<Role, string | null>>;

const NO_LIMIT = 1e20;

/** The settings that options make, `needed` roles proved to have a token, with the ids of all tokens. */
export function shared(
  { max_len, added_tokens = [], ...given }: Proved<TokenizerOptions>,
  vocab: Vocab,
  defaults: Roles,
  needed: readonly Role[],
): { settings: Shared; idOf: IdOf } {
  const roles = ROLES.map((role) => [role, roleToken(role, given[role] === undefined ? defaults[role] : given[role], needed)] as const);
  const [named, additional] = extraTokens(given);
  const specials = [...roles.flatMap(([, token]) => token ?? []), ...named.map(([, token]) => token), ...additional];
  const listed = added_tokens.map((token, i) => addedToken(`added_tokens[${i}]`, token));
  const added = placeTokens(vocab, together(listed, specials));
  const ids = new Map(added.map(({ text, id }) => [text, id]));
  const fillers = roles.map(([role, token]) => [role, token && { token: token.content, id: ids.get(token.content) as number }] as const);
  const { model_max_length = max_len ?? Infinity } = given;
  const settings: Shared = {
    ...DEFAULTS,
    ...given,
    roles: Object.fromEntries(fillers) as Shared['roles'],
    additional_special_tokens: additional.map((token) => token.content),
    extra_special_tokens: Object.fromEntries(named.map(([name, token]) => [name, token.content])),
    added,
    model_max_length: model_max_length > NO_LIMIT ? Infinity : model_max_length,
  };
  const idOf = (token: string): number | undefined => {
    const id = ids.get(token) ?? vocab.lookup.find(token);
    return id < 0 ? undefined : id;
  };
  return { settings, idOf };
}

/** Special tokens with a role, a name or a place in the list. */
export function specialsIn({ roles, extra_special_tokens, additional_special_tokens }: Shared): string[] {
  const named = ROLES.flatMap((role) => roles[role]?.token ?? []);
  return [...new Set([...named, ...Object.values(extra_special_tokens), ...additional_special_tokens])];
}

/** The tokens that a tokenizer has once `tokens` are added, and how many of these are new or differ from what it had under their names. */
export function withTokens({ added }: Shared, vocab: Vocab, tokens: readonly AddedToken[]): { added: readonly Pattern[]; count: number } {
  const known = new Map(added.map(({ text, token }) => [text, token]));
  const fresh = tokens.map(settled).filter((token) => {
    const before = known.get(token.content);
    known.set(token.content, token);
    return !before || !isMatchedAlike(before, token);
  });
  const before = added.map(({ token, id }) => ({ ...token, id }));
  return { added: placeTokens(vocab, [...before, ...fresh]), count: fresh.length };
}

/** The token of a role. Throws a `config` error where there is none. */
export function roleOf({ roles }: Shared, role: Role): Filler {
  const filler = roles[role];
  if (filler) return filler;
  throw new TraceletError('config', { what: role, expected: 'a token', got: 'null: the tokenizer was made without it' });
}

/** Special tokens without a role: those with names, and those in a list. */
function extraTokens({ extra_special_tokens: extra, additional_special_tokens: additional = [] }: Proved<TokenizerOptions>) {
  const what = 'additional_special_tokens';
  const named = isObject(extra) ? Object.entries(extra) : [];
  const listed = Array.isArray(extra) && extra.length ? extra : additional;
  return [
    named.map(([name, token]) => [name, special(name || describe(name), token)] as const),
    listed.map((token) => special(what, token)),
  ] as const;
}

/** The tokens that are listed, special if they are among `specials`, and those of `specials` that are not. */
function together(listed: readonly AddedToken[], specials: readonly AddedToken[]): AddedToken[] {
  const contents = new Set(listed.map((token) => token.content));
  const isSpecial = new Set(specials.map((token) => token.content));
  const others = specials.filter(({ content }) => !contents.has(content) && contents.add(content));
  return [...listed.map((token) => (isSpecial.has(token.content) ? { ...token, special: true } : token)), ...others];
}
