import { type Fields, partOf, partsIn, type Registry } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { bertPreTokenizer } from './bert.ts';
import { readCharDelimiterSplit } from './delimiter.ts';
import { readDigits } from './digits.ts';
import { readFixedLength } from './fixed.ts';
import { readMetaspace } from './metaspace.ts';
import { readPunctuation } from './punctuation.ts';
import { unicodeScripts } from './scripts.ts';
import { readSplit } from './split.ts';
import { whitespace, whitespaceSplit } from './whitespace.ts';

const PRE_TOKENIZERS: Registry<PreTokenizer> = {
  BertPreTokenizer: () => bertPreTokenizer,
  CharDelimiterSplit: readCharDelimiterSplit,
  Digits: readDigits,
  FixedLength: readFixedLength,
  Metaspace: readMetaspace,
  Punctuation: readPunctuation,
  Sequence: readSequence,
  Split: readSplit,
  UnicodeScripts: () => unicodeScripts,
  Whitespace: () => whitespace,
  WhitespaceSplit: () => whitespaceSplit,
};

/** The pre-tokenizer of tokenizer.json; without one a text stays whole. Throws `format` and `unsupported` errors. */
export const preTokenizerOf = (value: unknown): PreTokenizer =>
  value === null || value === undefined
    ? (text, start, end, piece) => piece(text, start, end)
    : partOf('pre_tokenizer', value, PRE_TOKENIZERS);

/** Each cuts the pieces of the one before. */
function readSequence(fields: Fields): PreTokenizer {
  const steps = partsIn(fields, 'pretokenizers', (name, value) => partOf(name, value, PRE_TOKENIZERS));
  return (text, start, end, piece) => {
    const cut = steps.reduceRight<typeof piece>((next, step) => (part, from, to) => step(part, from, to, next), piece);
    cut(text, start, end);
  };
}
