import { type Fields, partOf, partsIn, type Registry } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';
import { readBPEDecoder } from './bpe.ts';
import { byteFallback } from './bytefallback.ts';
import { byteLevelDecoder } from './bytelevel.ts';
import { readCTC } from './ctc.ts';
import { readMetaspace } from './metaspace.ts';
import { readReplace } from './replace.ts';
import { readStrip } from './strip.ts';
import { readWordPieceDecoder } from './wordpiece.ts';

const DECODERS: Registry<Decoder> = {
  BPEDecoder: readBPEDecoder,
  ByteFallback: () => byteFallback,
  ByteLevel: () => byteLevelDecoder,
  CTC: readCTC,
  Fuse: () => (tokens) => [tokens.join('')],
  Metaspace: readMetaspace,
  Replace: readReplace,
  Sequence: readSequence,
  Strip: readStrip,
  WordPiece: readWordPieceDecoder,
};

/** The decoder of tokenizer.json; without one tokens stand apart. Throws `format` and `unsupported` errors. */
export const decoderOf = (value: unknown): Decoder =>
  value === null || value === undefined ? (tokens) => [tokens.join(' ')] : partOf('decoder', value, DECODERS);

function readSequence(fields: Fields): Decoder {
  const steps = partsIn(fields, 'decoders', (name, value) => partOf(name, value, DECODERS));
  return (tokens) => steps.reduce<string[]>((done, step) => step(done), [...tokens]);
}
