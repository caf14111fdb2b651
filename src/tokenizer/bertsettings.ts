import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { ANY, checkOptions, type OptionTable } from '../base/options.ts';
import { FLAG, kind, NAMES, oneOf } from '../base/schema.ts';
import type { AddedToken } from './added.ts';
import { wordPieceDecoder } from './decoders/wordpiece.ts';
import type { Parts } from './interfaces.ts';
import { WordPiece } from './models/wordpiece.ts';
import { bertNormalizer } from './normalizers/bert.ts';
import { bertPreTokenizer } from './pretokenizers/bert.ts';
import { bertProcessor } from './processors/bert.ts';
import type { Role } from './roles.ts';
import {
  type Proved,
  type Roles,
  roleOf,
  type Settings,
  type Shared,
  shared,
  TOKENIZER_OPTIONS,
  type TokenizerOptions,
} from './settings.ts';
import { indexVocab, type Vocab, type VocabSource } from './vocab.ts';

/** What a {@link BertTokenizer} is made of; names and defaults as in Hugging Face's `BertTokenizer`. */
export interface BertTokenizerOptions extends TokenizerOptions {
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
  /** Default `[UNK]`. */
  unk_token?: string | AddedToken;
  /** Default `[SEP]`. */
  sep_token?: string | AddedToken;
  /** Default `[CLS]`. */
  cls_token?: string | AddedToken;
  /** Default `[PAD]`; null for none. */
  pad_token?: string | AddedToken | null;
  /** Default `[MASK]`; null for none. */
  mask_token?: string | AddedToken | null;
  /** Words between whitespace that are matched as they are, without lower-casing or splitting. */
  never_split?: readonly string[] | null;
  /** Only true: texts are always split at punctuation first. */
  do_basic_tokenize?: boolean | null;
  /** Longer words, in code points, are unknown. Default 100. */
  max_input_chars_per_word?: number | null;
  /** Marks a piece that continues a word. Default `##`. */
  wordpieces_prefix?: string | null;
}

const { bos_token, eos_token, unk_token, sep_token, cls_token, pad_token, mask_token, ...others } = TOKENIZER_OPTIONS;
const { additional_special_tokens, extra_special_tokens, added_tokens, split_special_tokens, model_max_length, max_len, ...sides } = others;

/** What each option may be. */
export const BERT_OPTIONS: OptionTable<BertTokenizerOptions> = {
  vocab: ANY,
  do_lower_case: FLAG,
  strip_accents: kind('true, false or null', (value) => value === null || typeof value === 'boolean'),
  tokenize_chinese_chars: FLAG,
  clean_text: FLAG,
  ...{ bos_token, eos_token, unk_token, sep_token, cls_token, pad_token, mask_token },
  ...{ additional_special_tokens, extra_special_tokens, added_tokens, split_special_tokens },
  never_split: NAMES,
  do_basic_tokenize: oneOf([true], 'List words that must stay whole in never_split'),
  ...{ model_max_length, max_len },
  max_input_chars_per_word: kind('a positive whole number', (value) => Number.isInteger(value) && (value as number) > 0),
  wordpieces_prefix: kind('a non-empty string', (value) => typeof value === 'string' && value !== ''),
  ...sides,
};

/** BERT's options with their defaults. */
export interface BertSettings extends Settings {
  do_lower_case: boolean;
  strip_accents: boolean | null;
  tokenize_chinese_chars: boolean;
  clean_text: boolean;
  max_input_chars_per_word: number;
  wordpieces_prefix: string;
}

const DEFAULTS = {
  do_lower_case: true,
  strip_accents: null,
  tokenize_chinese_chars: true,
  clean_text: true,
  never_split: [],
  max_input_chars_per_word: 100,
  wordpieces_prefix: '##',
  clean_up_tokenization_spaces: false,
} as const;

const DEFAULT_ROLES: Roles = {
  bos_token: null,
  eos_token: null,
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

/** Roles that every tokenizer of BERT needs. */
const NEEDED: readonly Role[] = ['unk_token', 'sep_token', 'cls_token'];

/** The parts that a vocabulary and BERT's options make. */
export function bertSettings(options: BertTokenizerOptions): BertSettings {
  if (!isObject(options))
    throw new TraceletError('config', {
      what: 'BertTokenizer',
      expected: 'an object of options',
      got: describe(options),
      cure: 'A vocabulary goes in as { vocab }; BertTokenizer.from_pretrained takes a path',
    });
  const {
    vocab: source,
    do_basic_tokenize,
    ...given
  } = checkOptions('BertTokenizer', options, BERT_OPTIONS) as Proved<BertTokenizerOptions>;
  const vocab = indexVocab(source, true);
  const { settings } = shared({ ...DEFAULTS, ...given }, vocab, DEFAULT_ROLES, NEEDED);
  const { added_tokens: _, max_len: _old, ...all } = { ...DEFAULTS, ...given };
  return { ...all, ...settings, parts: bertParts(all, vocab, settings) };
}

type Flags = Omit<BertSettings, keyof Settings>;

/** The parts that go with flags and roles. */
export function bertParts(flags: Flags, vocab: Vocab, settings: Shared): Parts {
  const { clean_text, tokenize_chinese_chars: handle_chinese_chars, do_lower_case: lowercase, wordpieces_prefix: prefix } = flags;
  const strip_accents = flags.strip_accents ?? lowercase;
  return {
    normalizer: bertNormalizer({ clean_text, handle_chinese_chars, strip_accents, lowercase }),
    preTokenizer: bertPreTokenizer,
    model: new WordPiece(vocab, prefix, flags.max_input_chars_per_word, roleOf(settings, 'unk_token')),
    processor: bertProcessor(roleOf(settings, 'cls_token'), roleOf(settings, 'sep_token')),
    decoder: wordPieceDecoder(prefix, true),
  };
}
