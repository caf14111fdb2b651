import { characters, DROPPED, HAN, MARK, SPACE } from '../characters.ts';
import { type Chars, flatMap, keep } from '../chars.ts';
import { type Fields, flag, flagOrNull } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { nfd } from './forms.ts';
import { lowercase } from './lowercase.ts';

/** The settings of Hugging Face's `BertNormalizer`. */
export interface BertRules {
  clean_text: boolean;
  handle_chinese_chars: boolean;
  strip_accents: boolean;
  lowercase: boolean;
}

const BLANK = 0x20;

/** As `BertNormalizer` of the Rust tokenizers. */
export const bertNormalizer = (rules: BertRules): Normalizer => {
  const steps: Normalizer[] = [];
  if (rules.clean_text) steps.push(clean);
  if (rules.handle_chinese_chars) steps.push(isolateHan);
  if (rules.strip_accents) steps.push(stripAccents);
  if (rules.lowercase) steps.push(lowercase);
  return (chars) => steps.reduce((done, step) => step(done), chars);
};

export const readBertNormalizer = (fields: Fields): Normalizer => {
  const lowers = flag(fields, 'lowercase', true);
  return bertNormalizer({
    clean_text: flag(fields, 'clean_text', true),
    handle_chinese_chars: flag(fields, 'handle_chinese_chars', true),
    strip_accents: flagOrNull(fields, 'strip_accents') ?? lowers,
    lowercase: lowers,
  });
};

function clean(chars: Chars): Chars {
  const { flags } = characters();
  const { code } = keep(chars, (c) => !(flags[c] & DROPPED));
  for (let i = 0; i < code.length; i++) if (flags[code[i]] & SPACE) code[i] = BLANK;
  return chars;
}

function isolateHan(chars: Chars): Chars {
  const { flags } = characters();
  if (!chars.code.some((c) => flags[c] & HAN)) return chars;
  return flatMap(chars, (c) => (flags[c] & HAN ? [BLANK, c, BLANK] : undefined));
}

function stripAccents(chars: Chars): Chars {
  const { flags } = characters();
  return keep(nfd(chars), (c) => !(flags[c] & MARK));
}
