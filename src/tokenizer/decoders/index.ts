import { type Fields, partOf, partsIn, type Registry } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';
import { readWordPieceDecoder } from './wordpiece.ts';

/** Readers of decoders by their types: BERT's, and all of them with `tokenizer/all.ts`. */
export const DECODERS: Registry<Decoder> = { Sequence: readSequence, WordPiece: readWordPieceDecoder };

/** The decoder of tokenizer.json; without one tokens stand apart. Throws `format` and `unsupported` errors. */
export const decoderOf = (value: unknown): Decoder =>
  value === null || value === undefined ? (tokens) => [tokens.join(' ')] : partOf('decoder', value, DECODERS);

function readSequence(fields: Fields): Decoder {
  const steps = partsIn(fields, 'decoders', (name, value) => partOf(name, value, DECODERS));
  return (tokens) => steps.reduce<string[]>((done, step) => step(done), [...tokens]);
}
