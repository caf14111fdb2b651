import { type Fields, partOf, partsIn, type Registry } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { bertPreTokenizer } from './bert.ts';

/** Readers of pre-tokenizers by their types: BERT's, and all of them with `tokenizer/all.ts`. */
export const PRE_TOKENIZERS: Registry<PreTokenizer> = { BertPreTokenizer: () => bertPreTokenizer, Sequence: readSequence };

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
