import { type Fields, partOf, partsIn, type Registry } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { readBertNormalizer } from './bert.ts';
import { nfc, nfd, nfkc, nfkd } from './forms.ts';
import { lowercase } from './lowercase.ts';
import { nmt } from './nmt.ts';
import { readPrecompiled } from './precompiled.ts';
import { readPrepend } from './prepend.ts';
import { readReplace } from './replace.ts';
import { readStrip, stripAccents } from './strip.ts';

const NORMALIZERS: Registry<Normalizer> = {
  BertNormalizer: readBertNormalizer,
  Lowercase: () => lowercase,
  NFC: () => nfc,
  NFD: () => nfd,
  NFKC: () => nfkc,
  NFKD: () => nfkd,
  Nmt: () => nmt,
  Precompiled: readPrecompiled,
  Prepend: readPrepend,
  Replace: readReplace,
  Sequence: readSequence,
  Strip: readStrip,
  StripAccents: () => stripAccents,
};

/** The normalizer of tokenizer.json. Throws `format` and `unsupported` errors. */
export const normalizerOf = (value: unknown, name = 'normalizer'): Normalizer =>
  value === null || value === undefined ? (chars) => chars : partOf(name, value, NORMALIZERS);

function readSequence(fields: Fields): Normalizer {
  const steps = partsIn(fields, 'normalizers', (name, value) => partOf(name, value, NORMALIZERS));
  return (chars) => steps.reduce((done, step) => step(done), chars);
}
