import { TextEncoder } from '../../../base/globals.ts';
import type { JsonObject } from '../../../base/json.ts';
import { kind, oneOf } from '../../../base/schema.ts';
import { type Fields, field, flag } from '../../fields.ts';
import type { Model, OnToken } from '../../interfaces.ts';
import type { Filler } from '../../row.ts';
import type { Vocab } from '../../vocab.ts';
import { bpe } from './bpe.ts';
import { characterEnd, type OnPieceEnd, PIECE_TYPES, type Piece, Pieces, type Segmentation } from './pieces.ts';
import { unigram } from './unigram.ts';

/** What a space becomes. */
const BLANK = '▁';

/** Each character, or user-defined symbol. */
const char: Segmentation = (pieces) => (text, start, end, piece) => {
  for (let at = start; at < end; ) {
    const symbol = pieces.symbolEnd(text, at, end);
    const next = symbol < 0 ? characterEnd(text, at) : symbol;
    piece(pieces.idOf(text, at, next), next);
    at = next;
  }
};

/** What goes from one space to the next. */
const word: Segmentation = (pieces) => (text, start, end, piece) => {
  for (let at = start; at < end; ) {
    let next = at + 1;
    while (next < end && text[next] !== BLANK) next++;
    piece(pieces.idOf(text, at, next), next);
    at = next;
  }
};

const SEGMENTATIONS: Readonly<Record<string, Segmentation>> = { unigram, bpe, word, char };

/** A model of SentencePiece (Kudo and Richardson 2018), to the pieces that its own library finds. */
class SentencePieceModel implements Model {
  readonly marksWords = true;
  readonly vocab: Vocab;
  readonly unknown: Filler;
  readonly #pieces: Pieces;
  readonly #written: readonly Piece[];
  readonly #segment: (text: string, start: number, end: number, piece: OnPieceEnd) => void;
  readonly #endsWords: boolean;

  constructor(pieces: Pieces, written: readonly Piece[], segmentation: Segmentation, endsWords: boolean) {
    this.vocab = pieces.vocab;
    this.unknown = { id: pieces.unknown, token: pieces.vocab.tokens[pieces.unknown] as string };
    this.#pieces = pieces;
    this.#written = written;
    this.#segment = segmentation(pieces);
    this.#endsWords = endsWords;
  }

  /** Unknown pieces side by side are one token with their text, or else each is its bytes, of which the last has the text. */
  tokenize(text: string, start: number, end: number, token: OnToken): void {
    const { unknown, bytes, vocab } = this.#pieces;
    let [at, unknownFrom] = [start, -1];
    const flush = (): void => {
      if (unknownFrom >= 0) token(unknown, unknownFrom, at, text.slice(unknownFrom, at));
      unknownFrom = -1;
    };
    this.#segment(text, start, end, (id, to) => {
      if (id !== unknown) {
        flush();
        token(id, at, to, vocab.tokens[id] as string);
      } else if (!bytes) {
        if (unknownFrom < 0) unknownFrom = at;
      } else {
        const written = new TextEncoder().encode(text.slice(at, to));
        for (const [i, byte] of written.entries())
          token(bytes[byte], at, i === written.length - 1 ? to : at, vocab.tokens[bytes[byte]] as string);
      }
      at = to;
    });
    flush();
  }

  continues(token: string, before?: string): boolean {
    if (this.#endsWords) return before !== undefined && !before.endsWith(BLANK);
    return !token.startsWith(BLANK) && !token.startsWith(' ');
  }

  written(): JsonObject {
    return { vocab: this.#written };
  }
}

const isPiece = (value: unknown): value is Piece =>
  Array.isArray(value) &&
  value.length === 3 &&
  typeof value[0] === 'string' &&
  Number.isFinite(value[1]) &&
  (PIECE_TYPES as readonly unknown[]).includes(value[2]);

const PIECES = kind<readonly Piece[]>(
  `an array of pieces with their scores and types (${PIECE_TYPES.join(', ')})`,
  (value) => Array.isArray(value) && value.every(isPiece),
);

export function readSentencePieceModel(fields: Fields): Model {
  const vocab = field(fields, 'vocab', PIECES);
  const type = field(fields, 'model_type', oneOf(Object.keys(SEGMENTATIONS)));
  const pieces = new Pieces(vocab, flag(fields, 'byte_fallback', false), `vocab of ${fields.name}`);
  return new SentencePieceModel(pieces, vocab, SEGMENTATIONS[type], flag(fields, 'treat_whitespace_as_suffix', false));
}
