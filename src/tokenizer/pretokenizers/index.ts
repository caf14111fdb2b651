import { TraceletError } from '../../base/error.ts';
import { describe } from '../../base/json.ts';
import { type Fields, partOf, partsIn, type Registry } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { bertPreTokenizer } from './bert.ts';

/** Readers of pre-tokenizers by their types: BERT's, and all of them with `tokenizer/all.ts`. */
export const PRE_TOKENIZERS: Registry<PreTokenizer> = { BertPreTokenizer: () => bertPreTokenizer, Sequence: readSequence };

/** Units that the parts of sequences may hand each other: for each of a text, and beside. Parts that make more of it could go on without end. */
const [MOST_EACH, MOST_BESIDE] = [1024, 2 ** 16];

/** How many of them are left for the text at hand. */
let left = 0;

/** The pre-tokenizer of tokenizer.json; without one a text stays whole. Throws `format` and `unsupported` errors. */
export function preTokenizerOf(value: unknown): PreTokenizer {
  if (value === null || value === undefined) return (text, start, end, piece) => piece(text, start, end);
  const whole = partOf('pre_tokenizer', value, PRE_TOKENIZERS);
  return (text, start, end, piece) => {
    left = MOST_BESIDE + MOST_EACH * (end - start);
    whole(text, start, end, piece);
  };
}

/** Each cuts the pieces of the one before. */
function readSequence(fields: Fields): PreTokenizer {
  const steps = partsIn(fields, 'pretokenizers', (name, value) => partOf(name, value, PRE_TOKENIZERS));
  return (text, start, end, piece) => {
    const cut = steps.reduceRight<typeof piece>(
      (next, step) => (part, from, to) => {
        left -= 1 + to - from;
        if (left < 0) throw tooMuch(text.text.slice(start, end));
        step(part, from, to, next);
      },
      piece,
    );
    cut(text, start, end);
  };
}

const tooMuch = (text: string): TraceletError =>
  new TraceletError('config', {
    what: `the pre_tokenizer of tokenizer.json, for ${describe(text)}`,
    expected: `parts that make at most ${MOST_EACH} characters of one`,
    got: 'more',
  });
