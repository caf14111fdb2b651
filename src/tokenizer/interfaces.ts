import type { JsonObject } from '../base/json.ts';
import type { Chars, Normalized } from './chars.ts';
import type { Filler } from './row.ts';
import type { Vocab } from './vocab.ts';

/** Rewrites a text. What it is given becomes its own. */
export interface Normalizer {
  (chars: Chars): Chars;
  /** What becomes of a text from `start` to `end`, where it is known at once that it stays as it is. */
  same?(text: string, start: number, end: number): Normalized | undefined;
}

/** Takes a piece of a text from `start` to `end`. */
export type OnPiece = (text: Normalized, start: number, end: number) => void;

/** Cuts a text from `start` to `end` into pieces, each of which is tokenized by itself; it may rewrite them. */
export type PreTokenizer = (text: Normalized, start: number, end: number, piece: OnPiece) => void;

/** Takes a token that stands in a text from `start` to `end`. */
export type OnToken = (id: number, start: number, end: number, token: string) => void;

/** Tokens of a piece, and the vocabulary they are from. */
export interface Model {
  readonly vocab: Vocab;
  /** The token of what the vocabulary does not cover, if there is one. */
  readonly unknown: Filler | undefined;
  /** What tokens within a word begin with, where they do. */
  readonly prefix?: string;
  /** Whether its tokens say where words begin, because what it is given is no word. */
  readonly marksWords?: boolean;
  /** Calls `token` with each token of `text` from `start` to `end`, in order. */
  tokenize(text: string, start: number, end: number, token: OnToken): void;
  /** Whether a token goes on with the word of the token `before`. */
  continues(token: string, before?: string): boolean;
  /** The fields of tokenizer.json that hold its vocabulary. */
  written(): JsonObject;
}

/** A place in a row: a special token, or the tokens of the first text or of the second. */
export type Place = { readonly type: number } & ({ readonly token: Filler } | TextPlace);

/** The place of a text. */
export interface TextPlace {
  readonly sequence: 0 | 1;
  /** The type of what truncation cut off, among special tokens, in a row of its own. Default: the number of the text. */
  readonly overflowType?: number;
}

/** Where `token` stands in `text`, in UTF-16 units, without what its offsets leave out of `start` to `end`. */
export type Trim = (token: string, text: string, start: number, end: number, isFirst: boolean) => [start: number, end: number];

/** Where texts and special tokens stand in a row. */
export interface PostProcessor {
  readonly single: readonly Place[];
  readonly pair: readonly Place[];
  /** Asked for each token of a text, not for special tokens. `isFirst`: it is the first of its text in the row. */
  readonly trim?: Trim;
}

/** Turns tokens into parts of running text. */
export type Decoder = (tokens: readonly string[]) => string[];

/** What a tokenizer is made of. */
export interface Parts {
  normalizer: Normalizer;
  preTokenizer: PreTokenizer;
  model: Model;
  processor: PostProcessor;
  decoder: Decoder;
}

/** The id of a token, where there is one. */
export type IdOf = (token: string) => number | undefined;
