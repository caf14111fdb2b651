import { CLASSED, characters, DECOMPOSED, DROPPED, HAN, LOWERS, MARK, SPACE } from '../characters.ts';
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

/** What a normalizer does, and which characters it is for: those with one of the bits `of` in their flags. */
interface Step {
  of: number;
  normalizer: Normalizer;
}

/** As `BertNormalizer` of the Rust tokenizers. */
export const bertNormalizer = (rules: BertRules): Normalizer => {
  const steps: Step[] = [];
  if (rules.clean_text) steps.push({ of: DROPPED, normalizer: drop }, { of: SPACE, normalizer: blank });
  if (rules.handle_chinese_chars) steps.push({ of: HAN, normalizer: isolateHan });
  if (rules.strip_accents) steps.push({ of: MARK | CLASSED | DECOMPOSED, normalizer: stripAccents });
  if (rules.lowercase) steps.push({ of: LOWERS | DECOMPOSED, normalizer: lowercase });
  return (chars) => {
    const present = flagsOf(chars);
    return steps.reduce((done, { of, normalizer }) => (present & of ? normalizer(done) : done), chars);
  };
};

/** The bits that characters of a text have in their flags. */
function flagsOf({ code }: Chars): number {
  const { flags } = characters();
  let present = 0;
  for (let i = 0; i < code.length; i++) present |= flags[code[i]];
  return present;
}

export const readBertNormalizer = (fields: Fields): Normalizer => {
  const lowers = flag(fields, 'lowercase', true);
  return bertNormalizer({
    clean_text: flag(fields, 'clean_text', true),
    handle_chinese_chars: flag(fields, 'handle_chinese_chars', true),
    strip_accents: flagOrNull(fields, 'strip_accents') ?? lowers,
    lowercase: lowers,
  });
};

const drop: Normalizer = (chars) => {
  const { flags } = characters();
  return keep(chars, (c) => !(flags[c] & DROPPED));
};

const blank: Normalizer = (chars) => {
  const { flags } = characters();
  const { code } = chars;
  for (let i = 0; i < code.length; i++) if (flags[code[i]] & SPACE) code[i] = BLANK;
  return chars;
};

const isolateHan: Normalizer = (chars) => {
  const { flags } = characters();
  return flatMap(chars, (c) => (flags[c] & HAN ? [BLANK, c, BLANK] : undefined));
};

const stripAccents: Normalizer = (chars) => {
  const { flags } = characters();
  return keep(nfd(chars), (c) => !(flags[c] & MARK));
};
