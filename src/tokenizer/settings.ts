import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import type { AddedToken, Pattern } from './added.ts';
import type { Side } from './sequence.ts';
import { indexVocab, type Vocab, type VocabSource } from './vocab.ts';

/** The roles a special token can have, in the order of `all_special_tokens`. */
export const ROLES = ['unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const;
export type Role = (typeof ROLES)[number];

/** What a {@link BertTokenizer} is made of; names and defaults as in Hugging Face's `BertTokenizer`. */
export interface BertTokenizerOptions {
  /** WordPiece vocabulary. It must hold the special tokens, and each id and token once. */
  vocab: VocabSource;
  /** Default true. */
  do_lower_case?: boolean;
  /** null, the default, follows `do_lower_case`. */
  strip_accents?: boolean | null;
  /** Whether ideographs are words of their own. Default true. */
  tokenize_chinese_chars?: boolean;
  /** Whether control characters go and all whitespace is one. Default true. */
  clean_text?: boolean;
  /** Default `[UNK]`. */
  unk_token?: string | AddedToken;
  /** Default `[SEP]`. */
  sep_token?: string | AddedToken;
  /** Default `[CLS]`. */
  cls_token?: string | AddedToken;
  /** Default `[PAD]`; null for a vocabulary without one. */
  pad_token?: string | AddedToken | null;
  /** Default `[MASK]`; null for a vocabulary without one. */
  mask_token?: string | AddedToken | null;
  additional_special_tokens?: readonly (string | AddedToken)[];
  /** Tokens recognised whole; a special token listed here takes its matching rules from here. */
  added_tokens?: readonly AddedToken[];
  /** Words between whitespace that are matched as they are, without lower-casing or splitting. */
  never_split?: readonly string[] | null;
  /** Length in tokens that `truncation` and `padding: 'max_length'` take for themselves; absent or over 1e20 is no limit. */
  model_max_length?: number;
  /** Longer words, in code points, are unknown. Default 100. */
  max_input_chars_per_word?: number;
  /** Marks a piece that continues a word. Default `##`. */
  wordpieces_prefix?: string;
  /** Default right. */
  padding_side?: Side;
  /** Default right. */
  truncation_side?: Side;
  /** Whether `decode` closes up punctuation. Default true. */
  clean_up_tokenization_spaces?: boolean;
}

/** Checked options with their defaults. */
export interface Settings {
  vocab: Vocab;
  do_lower_case: boolean;
  strip_accents: boolean | null;
  tokenize_chinese_chars: boolean;
  clean_text: boolean;
  roles: Record<Role, string | null>;
  additional_special_tokens: readonly string[];
  added: readonly Pattern[];
  never_split: readonly string[];
  model_max_length: number;
  max_input_chars_per_word: number;
  wordpieces_prefix: string;
  padding_side: Side;
  truncation_side: Side;
  clean_up_tokenization_spaces: boolean;
}

const DEFAULTS = {
  do_lower_case: true,
  tokenize_chinese_chars: true,
  clean_text: true,
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
  max_input_chars_per_word: 100,
  wordpieces_prefix: '##',
  padding_side: 'right',
  truncation_side: 'right',
  clean_up_tokenization_spaces: true,
} as const;

const NO_LIMIT = 1e20;
const OPTIONAL_ROLES: readonly Role[] = ['pad_token', 'mask_token'];

export function resolveSettings(options: BertTokenizerOptions): Settings {
  if (typeof options !== 'object' || options === null)
    throw new TraceletError('config', { what: 'BertTokenizer', expected: 'an object of options', got: describe(options) });
  const given = { ...DEFAULTS, ...withoutUndefined(options) };
  for (const name of ['do_lower_case', 'tokenize_chinese_chars', 'clean_text', 'clean_up_tokenization_spaces'] as const)
    check(name, given[name], typeof given[name] === 'boolean', 'true or false');
  for (const name of ['padding_side', 'truncation_side'] as const)
    check(name, given[name], ['left', 'right'].includes(given[name]), "'left' or 'right'");
  const { strip_accents = null, model_max_length = Infinity, max_input_chars_per_word, wordpieces_prefix } = given;
  check('strip_accents', strip_accents, strip_accents === null || typeof strip_accents === 'boolean', 'true, false or null');
  check('model_max_length', model_max_length, typeof model_max_length === 'number' && model_max_length > 0, 'a positive number');
  const limit = max_input_chars_per_word;
  check('max_input_chars_per_word', limit, Number.isInteger(limit) && limit > 0, 'a positive whole number');
  check('wordpieces_prefix', wordpieces_prefix, typeof wordpieces_prefix === 'string' && wordpieces_prefix !== '', 'a non-empty string');
  const never_split = given.never_split ?? [];
  check('never_split', never_split, Array.isArray(never_split) && never_split.every((w) => typeof w === 'string'), 'an array of strings');

  const vocab = indexVocab(given.vocab);
  const additional = listOf('additional_special_tokens', given.additional_special_tokens).map(special('additional_special_tokens'));
  const roles = ROLES.map((role) => [role, roleToken(role, given[role])] as const);
  const listed = listOf('added_tokens', given.added_tokens).map(addedToken);
  const specials = [...roles.flatMap(([, token]) => token ?? []), ...additional];
  const isSpecial = ({ content }: AddedToken): boolean => specials.some((token) => token.content === content);
  const added = placeTokens(vocab, [...listed.map((token) => (isSpecial(token) ? { ...token, special: true } : token)), ...specials]);
  for (const [role, token] of roles) if (token) requireToken(vocab, listed, role, token.content);
  return {
    ...given,
    strip_accents,
    never_split,
    vocab,
    roles: Object.fromEntries(roles.map(([role, token]) => [role, token?.content ?? null])) as Record<Role, string | null>,
    additional_special_tokens: additional.map((token) => token.content),
    added,
    model_max_length: model_max_length > NO_LIMIT ? Infinity : model_max_length,
  };
}

function check(name: string, value: unknown, valid: boolean, expected: string): void {
  if (!valid) throw new TraceletError('config', { what: name, expected, got: describe(value) });
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function listOf<T>(name: string, list: readonly T[] | null | undefined): readonly T[] {
  check(name, list, list === undefined || list === null || Array.isArray(list), 'an array of tokens');
  return list ?? [];
}

function roleToken(role: Role, value: unknown): AddedToken | null {
  if (value === null && OPTIONAL_ROLES.includes(role)) return null;
  return special(role)(value);
}

const special =
  (name: string) =>
  (value: unknown): AddedToken => ({ ...addedToken(typeof value === 'string' ? { content: value } : value, name), special: true });

function addedToken(value: unknown, name: unknown): AddedToken {
  const what = typeof name === 'string' ? name : `added_tokens[${name}]`;
  const content = (value as AddedToken | null)?.content;
  if (typeof content !== 'string' || content === '')
    throw new TraceletError('config', { what, expected: 'a token with a content that is not empty', got: describe(content ?? value) });
  return value as AddedToken;
}

function requireToken({ tokens, lookup }: Vocab, listed: readonly AddedToken[], role: Role, content: string): void {
  if (lookup.find(content) >= 0 || listed.some((token) => token.content === content)) return;
  throw new TraceletError('config', {
    what: `vocab of ${tokens.length} tokens`,
    expected: `an entry for ${role} ${JSON.stringify(content)}`,
    got: 'none',
    cure: `Pass the ${role} that this vocabulary uses${OPTIONAL_ROLES.includes(role) ? ', or null if it has none' : ''}`,
  });
}

/** Gives every token its id: that of the vocabulary, the one it asks for, or the next free one. */
function placeTokens({ lookup, tokens }: Vocab, added: readonly AddedToken[]): Pattern[] {
  const placed = new Map<string, Pattern>();
  const taken = new Map<number, string>();
  let next = added.reduce((top, { id = -1 }) => Math.max(top, id + 1), tokens.length);
  for (const token of added) {
    const text = token.content;
    if (placed.has(text)) continue;
    const found = lookup.find(text);
    const known = found < 0 ? undefined : found;
    const id = known ?? token.id ?? next++;
    const holder = tokens[id] ?? taken.get(id);
    if ((token.id !== undefined && token.id !== id) || !Number.isInteger(id) || id < 0 || (holder !== undefined && holder !== text))
      throw new TraceletError('config', {
        what: `id of added token ${JSON.stringify(text)}`,
        expected: known === undefined ? 'a free id behind the vocabulary' : `${known} as in the vocabulary`,
        got: `${token.id}${known === undefined && holder !== undefined ? `, which ${JSON.stringify(holder)} has` : ''}`,
      });
    taken.set(id, text);
    placed.set(text, { text, id, token: { ...token, normalized: token.normalized ?? !token.special } });
  }
  return [...placed.values()];
}
