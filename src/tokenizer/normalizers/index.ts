import { proveGrowth } from '../chars.ts';
import { type Fields, partOf, partsIn, type Registry } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { readBertNormalizer } from './bert.ts';
import { lowercase } from './lowercase.ts';

/** Readers of normalizers by their types: BERT's, and all of them with `tokenizer/all.ts`. */
export const NORMALIZERS: Registry<Normalizer> = { BertNormalizer: readBertNormalizer, Lowercase: () => lowercase, Sequence: readSequence };

/** The normalizer of tokenizer.json. Throws `format` and `unsupported` errors. */
export const normalizerOf = (value: unknown, name = 'normalizer'): Normalizer =>
  value === null || value === undefined ? (chars) => chars : partOf(name, value, NORMALIZERS);

function readSequence(fields: Fields): Normalizer {
  const steps = partsIn(fields, 'normalizers', (name, value) => partOf(name, value, NORMALIZERS));
  return (chars) =>
    steps.reduce((done, step) => {
      const before = done.code.length;
      const next = step(done);
      if (next.code.length > before) proveGrowth(next.from);
      return next;
    }, chars);
}
