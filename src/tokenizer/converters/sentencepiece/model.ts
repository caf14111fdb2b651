import { decodeUtf8 } from '../../../base/decode.ts';
import { TraceletError } from '../../../base/error.ts';
import { describe } from '../../../base/json.ts';
import { PIECE_TYPES, type PieceType } from '../../models/sentencepiece/pieces.ts';
import { fieldsOf } from './protobuf.ts';

export interface SentencePiece {
  piece: string;
  score: number;
  type: PieceType;
}

const MODEL_TYPES = ['unigram', 'bpe', 'word', 'char'] as const;

/** A model of SentencePiece (Kudo and Richardson 2018): what its file, a message of Protocol Buffers, says of tokenizing. */
export interface SentencePieceModel {
  pieces: readonly SentencePiece[];
  type: (typeof MODEL_TYPES)[number];
  byteFallback: boolean;
  unkId: number;
  unkPiece: string;
  /** What unknown pieces are decoded to. */
  unkSurface: string | undefined;
  treatWhitespaceAsSuffix: boolean;
  normalizer: NormalizerSpec;
  denormalizer: NormalizerSpec;
}

/** How characters are rewritten. */
export interface NormalizerSpec {
  /** Rules, as the normalizer Precompiled reads them. Empty: none. */
  charsmap: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
  escapeWhitespaces: boolean;
}

const NORMALIZER: NormalizerSpec = {
  charsmap: new Uint8Array(0),
  addDummyPrefix: true,
  removeExtraWhitespaces: true,
  escapeWhitespaces: true,
};

/** Fields that say how characters are rewritten. */
const SPECS: Readonly<Record<number, 'normalizer' | 'denormalizer'>> = { 3: 'normalizer', 5: 'denormalizer' };

/** Reads a `.model` of SentencePiece. Throws a `format` error for what is none. */
export function readSentencePiece(bytes: Uint8Array, what: string): SentencePieceModel {
  const model: { -readonly [Name in keyof SentencePieceModel]: SentencePieceModel[Name] } & { pieces: SentencePiece[] } = {
    pieces: [],
    type: 'unigram',
    byteFallback: false,
    unkId: 0,
    unkPiece: '<unk>',
    unkSurface: undefined,
    treatWhitespaceAsSuffix: false,
    normalizer: NORMALIZER,
    denormalizer: NORMALIZER,
  };
  for (const [number, value] of fieldsOf(bytes, what)) {
    if (number === 1) model.pieces.push(pieceIn(message(value, `piece of ${what}`), `piece ${model.pieces.length} of ${what}`));
    if (number === 2) Object.assign(model, trainerIn(message(value, `trainer_spec of ${what}`), `trainer_spec of ${what}`));
    const spec = SPECS[number];
    if (spec) model[spec] = { ...model[spec], ...normalizerIn(message(value, `${spec}_spec of ${what}`), `${spec}_spec of ${what}`) };
  }
  if (model.pieces.length > 0) return model;
  throw new TraceletError('format', { what, expected: 'a model of SentencePiece, with pieces', got: 'no piece' });
}

function pieceIn(bytes: Uint8Array, what: string): SentencePiece {
  const piece: SentencePiece = { piece: '', score: 0, type: 'normal' };
  for (const [number, value] of fieldsOf(bytes, what)) {
    if (number === 1) piece.piece = textIn(value, what);
    if (number === 2) piece.score = scoreIn(value, what);
    if (number === 3) piece.type = oneIn(PIECE_TYPES, value, `type of ${what}`);
  }
  return piece;
}

function trainerIn(bytes: Uint8Array, what: string): Partial<SentencePieceModel> {
  const found: { -readonly [Name in keyof SentencePieceModel]?: SentencePieceModel[Name] } = {};
  for (const [number, value] of fieldsOf(bytes, what)) {
    if (number === 3) found.type = oneIn(MODEL_TYPES, value, `model_type of ${what}`);
    if (number === 24) found.treatWhitespaceAsSuffix = value === 1;
    if (number === 35) found.byteFallback = value === 1;
    if (number === 40) found.unkId = scoreIn(value, what);
    if (number === 44) found.unkSurface = textIn(value, what);
    if (number === 45) found.unkPiece = textIn(value, what);
  }
  return found;
}

function normalizerIn(bytes: Uint8Array, what: string): Partial<NormalizerSpec> {
  const found: { -readonly [Name in keyof NormalizerSpec]?: NormalizerSpec[Name] } = {};
  for (const [number, value] of fieldsOf(bytes, what)) {
    if (number === 2) found.charsmap = message(value, what);
    if (number === 3) found.addDummyPrefix = value === 1;
    if (number === 4) found.removeExtraWhitespaces = value === 1;
    if (number === 5) found.escapeWhitespaces = value === 1;
  }
  return found;
}

function message(value: number | Uint8Array, what: string): Uint8Array {
  if (typeof value !== 'number') return value;
  throw new TraceletError('format', { what, expected: 'bytes', got: describe(value) });
}

function scoreIn(value: number | Uint8Array, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TraceletError('format', { what, expected: 'a number', got: typeof value === 'number' ? String(value) : 'bytes' });
}

function textIn(value: number | Uint8Array, what: string): string {
  const text = decodeUtf8(message(value, what));
  if (text !== undefined) return text;
  throw new TraceletError('format', { what, expected: 'text in UTF-8', got: 'other bytes' });
}

/** Of the names that the format numbers from 1. */
function oneIn<Name extends string>(names: readonly Name[], value: number | Uint8Array, what: string): Name {
  const name = typeof value === 'number' ? names[value - 1] : undefined;
  if (name !== undefined) return name;
  throw new TraceletError('format', {
    what,
    expected: `one of ${names.join(', ')}`,
    got: typeof value === 'number' ? `${value}` : 'bytes',
  });
}
