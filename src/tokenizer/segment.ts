import { AddedTokens, type Stretch } from './added.ts';
import { isSpace } from './characters.ts';
import { type Normalized, read, write } from './chars.ts';
import type { OnPiece, OnToken, Parts } from './interfaces.ts';
import { emptySequence, type Sequence } from './sequence.ts';
import type { Settings } from './settings.ts';

/** Turns text into tokens: added tokens first, then normalizer, pieces and their tokens. */
export class Segmenter {
  readonly #parts: Parts;
  readonly #exact: AddedTokens;
  readonly #normalized: AddedTokens;
  readonly #neverSplit: ReadonlySet<string>;

  constructor(settings: Settings) {
    const added = settings.added.filter(({ token }) => !(settings.split_special_tokens && token.special));
    this.#parts = settings.parts;
    this.#exact = new AddedTokens(added.filter(({ token }) => !token.normalized));
    this.#normalized = new AddedTokens(
      added
        .filter(({ token }) => token.normalized)
        .map((pattern) => ({ ...pattern, text: this.#normalize(pattern.text, 0, pattern.text.length).text })),
    );
    this.#neverSplit = new Set(settings.never_split);
  }

  /** A text, or words each of which is a text of its own. */
  segment(given: string | readonly string[]): Sequence {
    const out = emptySequence(given);
    if (typeof given === 'string') this.#text(given, out);
    else
      for (const word of given) {
        out.words.push(out.ids.length);
        this.#text(word, out);
      }
    return out;
  }

  #text(text: string, out: Sequence): void {
    for (const stretch of this.#exact.split(text)) {
      const { start, end, id } = stretch;
      if (id !== undefined) pushWhole(out, id, text.slice(start, end), start, end);
      else if (this.#neverSplit.size === 0) this.#plain(text, stretch, out);
      else this.#guarded(text, stretch, out);
    }
  }

  /** A stretch without added tokens of the exact kind. */
  #plain(text: string, { start, end }: Stretch, out: Sequence): void {
    const normalized = this.#normalize(text, start, end);
    const piece = this.#tokenizer(text, out);
    for (const part of this.#normalized.split(normalized.text)) {
      if (part.id === undefined) this.#parts.preTokenizer(normalized, part.start, part.end, piece);
      else {
        const [from, to] = origin(text, normalized, part.start, part.end);
        pushWhole(out, part.id, normalized.text.slice(part.start, part.end), from, to);
      }
    }
  }

  /** A stretch in which the words of `never_split` stay as they are. */
  #guarded(text: string, { start, end }: Stretch, out: Sequence): void {
    let plain = start;
    for (let i = start; i < end; ) {
      let stop = i;
      while (stop < end && !isSpace(text.charCodeAt(stop))) stop++;
      const word = text.slice(i, stop);
      if (this.#neverSplit.has(word)) {
        this.#plain(text, { start: plain, end: i }, out);
        this.#tokenizer(text, out)({ text: word, from: Array.from(word, (_, unit) => i + unit) }, 0, word.length);
        plain = stop;
      }
      i = stop + 1;
    }
    this.#plain(text, { start: plain, end }, out);
  }

  #normalize(...part: [text: string, start: number, end: number]): Normalized {
    const { normalizer } = this.#parts;
    return normalizer.same?.(...part) ?? write(normalizer(read(...part)));
  }

  /** A function that appends the tokens of pieces of `text`. */
  #tokenizer(text: string, out: Sequence): OnPiece {
    const { model } = this.#parts;
    let piece: Normalized;
    let before: string | undefined;
    const token: OnToken = (id, from, to, value) => {
      if (before !== undefined && !model.continues(value, before)) beginPiece(out);
      if (model.marksWords) before = value;
      const [first, last] = origin(text, piece, from, to);
      push(out, id, value, first, last);
    };
    return (normalized, start, end) => {
      piece = normalized;
      before = undefined;
      if (start < end) beginPiece(out);
      model.tokenize(normalized.text, start, end, token);
    };
  }
}

/** The part of the original text that units `start` to `end` of the normalized one came from. */
function origin(text: string, { text: own, from }: Normalized, start: number, end: number): [start: number, end: number] {
  if (from.length > own.length) return [from[start], from[end]];
  if (start === end) return [from[start], from[start]];
  const last = from[end - 1];
  return [from[start], last + ((text.codePointAt(last) as number) > 0xffff ? 2 : 1)];
}

/** Pieces are words where no words were given. */
function beginPiece(out: Sequence): void {
  if (typeof out.text === 'string') out.words.push(out.ids.length);
}

/** Appends a token that is a piece by itself. */
function pushWhole(out: Sequence, id: number, token: string, start: number, end: number): void {
  beginPiece(out);
  push(out, id, token, start, end);
}

function push(out: Sequence, id: number, token: string, start: number, end: number): void {
  out.ids.push(id);
  out.tokens.push(token);
  out.starts.push(start);
  out.ends.push(end);
}
