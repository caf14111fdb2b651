import { TraceletError } from '../../base/error.ts';
import { TextEncoder } from '../../base/globals.ts';
import { describe, type JsonObject } from '../../base/json.ts';
import { type Fields, flag } from '../fields.ts';
import type { Model, OnToken } from '../interfaces.ts';
import { Lookup } from '../lookup.ts';
import type { Filler } from '../row.ts';
import { Trie } from '../trie.ts';
import { byteTokens, type Vocab } from '../vocab.ts';
import { Remembered } from './remembered.ts';

/** How much worse than the worst piece one that is unknown is. */
const PENALTY = 10;

/** What a piece begins with that begins a word. */
const BLANK = '▁';

/** The cover of a text by pieces that are most likely together, as Hugging Face's `Unigram` model finds it. */
export class Unigram implements Model {
  readonly vocab: Vocab;
  readonly unknown: Filler | undefined;
  readonly #scores: Float64Array;
  readonly #unknownScore: number;
  readonly #trie = new Trie();
  /** Ids of pieces that stand for a byte, where unknown text is written so. */
  readonly #bytes: readonly number[] | undefined;

  constructor(pieces: readonly (readonly [piece: string, score: number])[], unknown: number | undefined, byteFallback: boolean) {
    this.vocab = indexPieces(pieces.map(([piece]) => piece));
    this.unknown = unknown === undefined ? undefined : { id: unknown, token: pieces[unknown][0] };
    this.#scores = Float64Array.from(pieces, ([, score]) => score);
    this.#unknownScore = this.#scores.reduce((least, score) => Math.min(least, score), Infinity) - PENALTY;
    for (const [id, [piece]] of pieces.entries()) this.#trie.add(piece, id);
    this.#bytes = byteFallback ? byteTokens(this.vocab) : undefined;
  }

  tokenize(text: string, start: number, end: number, token: OnToken): void {
    const { ids, starts } = this.#bestPath(text, start, end);
    const cuts: number[] = [];
    for (let at = end; at > start; at = starts[at - start]) {
      const isFused = ids[at - start] === this.unknown?.id && cuts.length > 0 && ids[cuts[cuts.length - 1] - start] === this.unknown.id;
      if (!isFused) cuts.push(at);
    }
    for (let at = start; cuts.length; ) {
      const stop = cuts.pop() as number;
      const id = ids[stop - start];
      if (id === this.unknown?.id) this.#uncovered(text.slice(at, stop), at, stop, token);
      else token(id, at, stop, this.vocab.tokens[id] as string);
      at = stop;
    }
  }

  continues(token: string): boolean {
    return !token.startsWith(BLANK);
  }

  written(): JsonObject {
    return { vocab: Array.from(this.#scores, (score, id) => [this.vocab.tokens[id], score]) };
  }

  /** For each place in the text, counted from `start`, the last piece of the best cover up to there, and where that piece begins. */
  #bestPath(text: string, start: number, end: number): { ids: Int32Array; starts: Int32Array } {
    const ids = new Int32Array(end - start + 1);
    const starts = new Int32Array(end - start + 1).fill(-1);
    const best = new Float64Array(end - start + 1);
    let from = start;
    let width = 0;
    let hasSingle = false;
    const offer = (id: number, to: number, score: number): void => {
      if (starts[to - start] >= 0 && score <= best[to - start]) return;
      ids[to - start] = id;
      starts[to - start] = from;
      best[to - start] = score;
    };
    const found = (id: number, to: number): void => {
      offer(id, to, this.#scores[id] + best[from - start]);
      if (to === from + width) hasSingle = true;
    };
    for (; from < end; from += width) {
      width = (text.codePointAt(from) as number) > 0xffff ? 2 : 1;
      hasSingle = false;
      this.#trie.prefixes(text, from, end, found);
      if (!hasSingle) offer(this.#unknownId(), from + width, this.#unknownScore + best[from - start]);
    }
    return { ids, starts };
  }

  /** Text that is no piece, unless it is one by chance: its bytes if they are pieces, else one unknown token. */
  #uncovered(part: string, start: number, end: number, token: OnToken): void {
    const known = this.vocab.lookup.find(part);
    const bytes = known < 0 && this.#bytes ? Array.from(new TextEncoder().encode(part), (byte) => (this.#bytes as number[])[byte]) : [-1];
    if (bytes.some((id) => id < 0)) token(known < 0 ? this.#unknownId() : known, start, end, part);
    else for (const id of bytes) token(id, start, end, this.vocab.tokens[id] as string);
  }

  #unknownId(): number {
    if (this.unknown) return this.unknown.id;
    throw new TraceletError('config', {
      what: 'unk_id of the model of tokenizer.json',
      expected: 'the id of the token for text that the vocabulary does not cover',
      got: 'none',
    });
  }
}

const HALF = /[\ud800-\udfff]/u;

/** Each id has its piece, and of a piece that is there twice the last id counts. */
function indexPieces(tokens: readonly string[]): Vocab {
  const lookup = new Lookup(tokens);
  for (const [id, token] of tokens.entries()) {
    if (HALF.test(token))
      throw new TraceletError('config', { what: `vocab[${id}]`, expected: 'a token of whole characters', got: describe(token) });
    lookup.add(id);
  }
  return { tokens, size: tokens.length, lookup };
}

type Piece = readonly [piece: string, score: number];

const isPiece = (value: unknown): value is Piece =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Number.isFinite(value[1]);

export function readUnigram(fields: Fields): Model {
  const { name, json } = fields;
  const { vocab, unk_id = null } = json;
  const wrong = Array.isArray(vocab) ? vocab.findIndex((piece) => !isPiece(piece)) : -1;
  if (!Array.isArray(vocab) || wrong >= 0)
    throw new TraceletError('format', {
      what: `vocab${wrong < 0 ? '' : `[${wrong}]`} of ${name}`,
      expected: wrong < 0 ? 'an array of pieces with their scores' : 'a piece with its score',
      got: describe(wrong < 0 ? vocab : (vocab as unknown[])[wrong]),
    });
  if (unk_id !== null && !(Number.isInteger(unk_id) && (unk_id as number) in vocab))
    throw new TraceletError('format', {
      what: `unk_id of ${name}`,
      expected: `an id below ${vocab.length}, or null`,
      got: describe(unk_id),
    });
  return new Remembered(new Unigram(vocab, (unk_id as number | null) ?? undefined, flag(fields, 'byte_fallback', false)));
}
