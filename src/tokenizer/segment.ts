import { AddedTokens, type Stretch } from './added.ts';
import { characters, SPACE } from './characters.ts';
import { type Normalized, read, write } from './chars.ts';
import type { OnPiece, OnToken, Parts } from './interfaces.ts';
import type { Sequence } from './sequence.ts';
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

  segment(text: string): Sequence {
    const out: Sequence = { ids: [], tokens: [], starts: [], ends: [] };
    for (const stretch of this.#exact.split(text)) {
      const { start, end, id } = stretch;
      if (id !== undefined) push(out, id, text.slice(start, end), start, end);
      else if (this.#neverSplit.size === 0) this.#plain(text, stretch, out);
      else this.#guarded(text, stretch, out);
    }
    return out;
  }

  /** A stretch without added tokens of the exact kind. */
  #plain(text: string, { start, end }: Stretch, out: Sequence): void {
    const normalized = this.#normalize(text, start, end);
    const piece = this.#tokenizer(text, out);
    for (const part of this.#normalized.split(normalized.text)) {
      if (part.id === undefined) this.#parts.preTokenizer(normalized, part.start, part.end, piece);
      else {
        const [from, to] = origin(text, normalized, part.start, part.end);
        push(out, part.id, normalized.text.slice(part.start, part.end), from, to);
      }
    }
  }

  /** A stretch in which the words of `never_split` stay as they are. */
  #guarded(text: string, { start, end }: Stretch, out: Sequence): void {
    const { flags } = characters();
    let plain = start;
    for (let i = start; i < end; ) {
      let stop = i;
      while (stop < end && !(flags[text.charCodeAt(stop)] & SPACE)) stop++;
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

  #normalize(text: string, start: number, end: number): Normalized {
    return write(this.#parts.normalizer(read(text, start, end)));
  }

  /** A function that appends the tokens of pieces of `text`. */
  #tokenizer(text: string, out: Sequence): OnPiece {
    const { model } = this.#parts;
    let piece: Normalized;
    const token: OnToken = (id, from, to, value) => {
      const [first, last] = origin(text, piece, from, to);
      push(out, id, value, first, last);
    };
    return (normalized, start, end) => {
      piece = normalized;
      model.tokenize(normalized.text, start, end, token);
    };
  }
}

/** The part of the original text that units `start` to `end` of the normalized one came from. */
function origin(text: string, { from }: Normalized, start: number, end: number): [start: number, end: number] {
  const last = from[end - 1];
  return [from[start], last + ((text.codePointAt(last) as number) > 0xffff ? 2 : 1)];
}

function push(out: Sequence, id: number, token: string, start: number, end: number): void {
  out.ids.push(id);
  out.tokens.push(token);
  out.starts.push(start);
  out.ends.push(end);
}
