import { TraceletError } from '../../../base/error.ts';
import { describe } from '../../../base/json.ts';
import { Trie } from '../../trie.ts';
import { byteTokens, indexVocab, type Vocab } from '../../vocab.ts';

/** What a piece is for. The order is that of the file format. */
export const PIECE_TYPES = ['normal', 'unknown', 'control', 'user-defined', 'unused', 'byte'] as const;
export type PieceType = (typeof PIECE_TYPES)[number];

/** A piece with its score and its type, as the list of a model has it. */
export type Piece = readonly [piece: string, score: number, type: PieceType];

/** Characters of a piece, as in the library itself. */
const MOST = 8000;

/** Types of pieces that a text can spell. */
const SPELLED: readonly PieceType[] = ['normal', 'user-defined', 'unused'];

const wrong = (what: string, expected: string, got: string): TraceletError => new TraceletError('format', { what, expected, got });

/** The pieces of a model of SentencePiece. */
export class Pieces {
  readonly vocab: Vocab;
  readonly scores: Float32Array;
  readonly unknown: number;
  /** Ids of the pieces that stand for bytes; undefined where unknown characters stay unknown. */
  readonly bytes: readonly number[] | undefined;
  /** Characters of the longest piece. */
  readonly longest: number;
  readonly #types: readonly PieceType[];
  readonly #symbols = new Trie();

  constructor(pieces: readonly Piece[], byteFallback: boolean, what: string) {
    this.vocab = indexVocab(pieces.map(([piece]) => piece));
    this.scores = Float32Array.from(pieces, ([, score]) => score);
    this.#types = pieces.map(([, , type]) => type);
    this.longest = pieces.reduce((most, [piece]) => Math.max(most, piece.length), 0);
    if (this.longest > MOST) throw wrong(what, `pieces of at most ${MOST} characters`, `one of ${this.longest}`);
    const twice = this.vocab.tokens.indexOf(undefined);
    if (twice >= 0) throw wrong(what, 'each piece once', `${describe(pieces[twice][0])} again`);
    if (this.vocab.lookup.find('') >= 0) throw wrong(what, 'pieces with a text', 'one without');
    const unknown = this.#types.flatMap((type, id) => (type === 'unknown' ? [id] : []));
    if (unknown.length !== 1) throw wrong(what, 'one piece of type unknown', `${unknown.length}`);
    [this.unknown] = unknown;
    for (const [id, [piece, , type]] of pieces.entries()) if (type === 'user-defined') this.#symbols.add(piece, id);
    if (byteFallback) this.bytes = this.#allBytes(what);
  }

  /** What a piece is for. */
  typeOf(id: number): PieceType {
    return this.#types[id];
  }

  /** Whether a text can spell a piece. */
  isSpelled(id: number): boolean {
    return SPELLED.includes(this.#types[id]);
  }

  /** Id of the piece that a text can spell and `text` has from `start` to `end`: the unknown one where there is none. */
  idOf(text: string, start: number, end: number): number {
    const id = this.vocab.lookup.exact(text, start, end);
    return id >= 0 && this.isSpelled(id) ? id : this.unknown;
  }

  /** Where the longest user-defined symbol at `start` ends, or -1. */
  symbolEnd(text: string, start: number, end: number): number {
    let found = -1;
    this.#symbols.prefixes(text, start, end, (_, stop) => {
      found = stop;
    });
    return found;
  }

  #allBytes(what: string): readonly number[] {
    const bytes = byteTokens(this.vocab);
    const known = bytes.filter((id) => this.#types[id] === 'byte').length;
    if (known !== bytes.length) throw wrong(what, 'a piece of type byte for each of the 256, for byte_fallback', `${known}`);
    return bytes;
  }
}

/** Takes a piece and where it ends; each begins where the one before ended. */
export type OnPieceEnd = (id: number, end: number) => void;

/** Cuts `text` from `start` to `end` into pieces. */
export type Segmentation = (pieces: Pieces) => (text: string, start: number, end: number, piece: OnPieceEnd) => void;

/** Where the character at `at` ends. */
export const characterEnd = (text: string, at: number): number => at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1);
