import { characters, PUNCTUATION, SPACE } from './characters.ts';

/** Calls `word` with the bounds of each word of `text` from `start` to `end`, as Hugging Face's `BertPreTokenizer` splits. */
export function splitWords(text: string, start: number, end: number, word: (start: number, end: number) => void): void {
  const { flags } = characters();
  let begin = start;
  for (let i = start; i < end; ) {
    const code = text.codePointAt(i) as number;
    const next = i + (code > 0xffff ? 2 : 1);
    if (flags[code] & (SPACE | PUNCTUATION)) {
      if (begin < i) word(begin, i);
      if (flags[code] & PUNCTUATION) word(i, next);
      begin = next;
    }
    i = next;
  }
  if (begin < end) word(begin, end);
}

/** Greedy longest match of vocabulary entries, as Hugging Face's `WordPiece` model. */
export class WordPiece {
  readonly #starts: ReadonlyMap<string, number>;
  readonly #continuations = new Map<string, number>();
  readonly #longest: { start: number; continuation: number };
  readonly #maxChars: number;

  constructor(vocab: ReadonlyMap<string, number>, prefix: string, maxChars: number) {
    this.#starts = vocab;
    this.#maxChars = maxChars;
    this.#longest = { start: 0, continuation: 0 };
    for (const [token, id] of vocab) {
      if (token.length > this.#longest.start) this.#longest.start = token.length;
      if (!token.startsWith(prefix) || token.length === prefix.length) continue;
      const rest = token.slice(prefix.length);
      this.#continuations.set(rest, id);
      if (rest.length > this.#longest.continuation) this.#longest.continuation = rest.length;
    }
  }

  /**
   * Calls `piece` with the id and the bounds of each piece of the word of `text` from `start` to `end`. Answers false,
   * without a call, where the word is longer than the limit in code points or has no cover: it is unknown.
   */
  match(text: string, start: number, end: number, piece: (id: number, start: number, end: number) => void): boolean {
    if (end - start > this.#maxChars && countChars(text, start, end) > this.#maxChars) return false;
    const found: number[] = [];
    for (let at = start; at < end; ) {
      const entries = at === start ? this.#starts : this.#continuations;
      let stop = Math.min(end, at + (at === start ? this.#longest.start : this.#longest.continuation));
      let id: number | undefined;
      for (; stop > at; stop--) {
        id = entries.get(text.slice(at, stop));
        if (id !== undefined) break;
      }
      if (id === undefined) return false;
      found.push(id, at, stop);
      at = stop;
    }
    for (let i = 0; i < found.length; i += 3) piece(found[i], found[i + 1], found[i + 2]);
    return true;
  }
}

function countChars(text: string, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; count++) i += (text.codePointAt(i) as number) > 0xffff ? 2 : 1;
  return count;
}
