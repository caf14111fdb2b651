import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { ANY, checkOptions, type OptionTable } from '../base/options.ts';
import { FLAG, kind, NAMES, oneOf, orNull } from '../base/schema.ts';
import type { AddedToken, Pattern } from './added.ts';
import { addedToken, placeTokens, ROLES, type Role, roleToken, special, TOKEN, TOKEN_LIST, TOKENS_OR_NAMED } from './roles.ts';
import type { Filler } from './row.ts';
import type { Side } from './sequence.ts';
import { indexVocab, type Vocab, type VocabSource } from './vocab.ts';

/** What a {@link BertTokenizer} is made of; names and defaults as in Hugging Face's `BertTokenizer`. */
export interface BertTokenizerOptions {
  /** WordPiece vocabulary. Ids may be left out; of a token that is given twice the last id counts. */
  vocab: VocabSource;
  /** Default true. */
  do_lower_case?: boolean | null;
  /** null, the default, follows `do_lower_case`. */
  strip_accents?: boolean | null;
  /** Whether ideographs are words of their own. Default true. */
  tokenize_chinese_chars?: boolean | null;
  /** Whether control characters go and all whitespace is one. Default true. */
  clean_text?: boolean | null;
  /** Default none. */
  bos_token?: string | AddedToken | null;
  /** Default none. */
  eos_token?: string | AddedToken | null;
  /** Default `[UNK]`. A special token that the vocabulary lacks has an id behind it. */
  unk_token?: string | AddedToken;
  /** Default `[SEP]`. */
  sep_token?: string | AddedToken;
  /** Default `[CLS]`. */
  cls_token?: string | AddedToken;
  /** Default `[PAD]`; null for none. */
  pad_token?: string | AddedToken | null;
  /** Default `[MASK]`; null for none. */
  mask_token?: string | AddedToken | null;
  additional_special_tokens?: readonly (string | AddedToken)[] | null;
  /** The name of `additional_special_tokens` since transformers 5, and prevails over it; or special tokens by names such as `image_token`. */
  extra_special_tokens?: readonly (string | AddedToken)[] | Readonly<Record<string, string | AddedToken>> | null;
  /** Tokens recognised whole; a special token listed here takes its matching rules from here. */
  added_tokens?: readonly AddedToken[] | null;
  /** Whether special tokens in a text are split like other words. Default false. */
  split_special_tokens?: boolean | null;
  /** Words between whitespace that are matched as they are, without lower-casing or splitting. */
  never_split?: readonly string[] | null;
  /** Only true: texts are always split at punctuation first. */
  do_basic_tokenize?: boolean | null;
  /** Length in tokens that `truncation` and `padding: 'max_length'` take for themselves; absent or over 1e20 is no limit. */
  model_max_length?: number | null;
  /** The old name of `model_max_length`, which prevails. */
  max_len?: number | null;
  /** Longer words, in code points, are unknown. Default 100. */
  max_input_chars_per_word?: number | null;
  /** Marks a piece that continues a word. Default `##`. */
  wordpieces_prefix?: string | null;
  /** Default right. */
  padding_side?: Side | null;
  /** Default right. */
  truncation_side?: Side | null;
  /** Whether `decode` closes up punctuation. Default true. */
  clean_up_tokenization_spaces?: boolean | null;
}

const SIDE = kind<Side>("'left' or 'right'", (value) => value === 'left' || value === 'right');
const LIMIT = kind<number>('a positive number', (value) => typeof value === 'number' && value > 0);
const ROLE = orNull(TOKEN);

/** What each option may be. */
export const TOKENIZER_OPTIONS: OptionTable<BertTokenizerOptions> = {
  vocab: ANY,
  do_lower_case: FLAG,
  strip_accents: kind('true, false or null', (value) => value === null || typeof value === 'boolean'),
  tokenize_chinese_chars: FLAG,
  clean_text: FLAG,
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
  never_split: NAMES,
  do_basic_tokenize: oneOf([true], 'List words that must stay whole in never_split'),
  model_max_length: LIMIT,
  max_len: LIMIT,
  max_input_chars_per_word: kind('a positive whole number', (value) => Number.isInteger(value) && (value as number) > 0),
  wordpieces_prefix: kind('a non-empty string', (value) => typeof value === 'string' && value !== ''),
  padding_side: SIDE,
  truncation_side: SIDE,
  clean_up_tokenization_spaces: FLAG,
};

/** Options proved: without those that are not given. */
export type Given = {
  [Name in keyof BertTokenizerOptions]: Name extends Role | 'strip_accents'
    ? BertTokenizerOptions[Name] | null
    : Exclude<BertTokenizerOptions[Name], null>;
};

/** Checked options with their defaults. */
export interface Settings {
  vocab: Vocab;
  do_lower_case: boolean;
  strip_accents: boolean | null;
  tokenize_chinese_chars: boolean;
  clean_text: boolean;
  roles: Record<Role, Filler | null>;
  additional_special_tokens: readonly string[];
  /** By name. */
  extra_special_tokens: Readonly<Record<string, string>>;
  added: readonly Pattern[];
  split_special_tokens: boolean;
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
  strip_accents: null,
  tokenize_chinese_chars: true,
  clean_text: true,
  split_special_tokens: false,
  never_split: [],
  max_input_chars_per_word: 100,
  wordpieces_prefix: '##',
  padding_side: 'right',
  truncation_side: 'right',
  clean_up_tokenization_spaces: true,
} as const;

const DEFAULT_ROLES: Record<Role, string | null> = {
  bos_token: null,
  eos_token: null,
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

const NO_LIMIT = 1e20;

export function resolveSettings(options: BertTokenizerOptions): Settings {
  if (!isObject(options))
    throw new TraceletError('config', {
      what: 'BertTokenizer',
      expected: 'an object of options',
      got: describe(options),
      cure: 'A vocabulary goes in as { vocab }; BertTokenizer.from_pretrained takes a path',
    });
  const {
    vocab: source,
    max_len,
    do_basic_tokenize,
    added_tokens = [],
    ...given
  } = checkOptions('BertTokenizer', options, TOKENIZER_OPTIONS) as Given;
  const vocab = indexVocab(source);
  const roles = ROLES.map((role) => [role, roleToken(role, given[role] === undefined ? DEFAULT_ROLES[role] : given[role])] as const);
  const [named, additional] = extraTokens(given);
  const specials = [...roles.flatMap(([, token]) => token ?? []), ...named.map(([, token]) => token), ...additional];
  const added = placeTokens(
    vocab,
    together(
      added_tokens.map((token, i) => addedToken(`added_tokens[${i}]`, token)),
      specials,
    ),
  );
  const ids = new Map(added.map(({ text, id }) => [text, id]));
  const fillers = roles.map(([role, token]) => [role, token && { token: token.content, id: ids.get(token.content) as number }] as const);
  const { model_max_length = max_len ?? Infinity } = given;
  return {
    ...DEFAULTS,
    ...given,
    vocab,
    roles: Object.fromEntries(fillers) as Settings['roles'],
    additional_special_tokens: additional.map((token) => token.content),
    extra_special_tokens: Object.fromEntries(named.map(([name, token]) => [name, token.content])),
    added,
    model_max_length: model_max_length > NO_LIMIT ? Infinity : model_max_length,
  };
}

/** The token of a role. Throws a `config` error where there is none. */
export function roleOf({ roles }: Settings, role: Role): Filler {
  const filler = roles[role];
  if (filler) return filler;
  throw new TraceletError('config', { what: role, expected: 'a token', got: 'null: the tokenizer was made without it' });
}

/** Special tokens without a role: those with names, and those in a list. */
function extraTokens({ extra_special_tokens: extra, additional_special_tokens: additional = [] }: Partial<Given>) {
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
