import type { OnToken } from '../interfaces.ts';
import { hashOf } from '../lookup.ts';

const MOST_WORDS = 2 ** 14;
/** Room for the units of words, and for their tokens. */
const [UNITS, TOKENS] = [2 ** 18, 2 ** 17];
/** The longest word that is kept, in UTF-16 units. */
export const LONGEST_WORD = 64;
/** Most tokens of a word that is kept. */
const MOST_TOKENS = TOKENS / 64;

/** Tokens of a word: their ids, where in the text they begin and end, and what they are called. */
export interface Found {
  ids: number[];
  starts: number[];
  ends: number[];
  values: string[];
}

/** In a place: the token is called what stands there, and not what its id says. */
const AS_WRITTEN = 0x80;

/**
 * Tokens that were found for words: a hash table over FNV-1a of their UTF-16 units, open addressing. It holds copies, so no text is kept alive,
 * and it forgets all when it is full.
 */
export class Words {
  /** What tokens are called by their ids. */
  readonly #names: readonly (string | undefined)[];
  /** Number + 1 of the word whose place it is. */
  readonly #slots = new Int32Array(2 * MOST_WORDS);
  readonly #units = new Uint16Array(UNITS);
  readonly #ids = new Int32Array(TOKENS);
  /** Where each token begins in its word, 7 bits, whether it is called what stands there, and where it ends. */
  readonly #places = new Uint16Array(TOKENS);
  /** Where the units and the tokens of each word end. */
  readonly #unitEnds = new Int32Array(MOST_WORDS + 1);
  readonly #tokenEnds = new Int32Array(MOST_WORDS + 1);
  #count = 0;

  constructor(names: readonly (string | undefined)[]) {
    this.#names = names;
  }

  /** Calls `token` with each token of the word that `text` has from `start` to `end`; answers whether the word is there. */
  tell(text: string, start: number, end: number, token: OnToken): boolean {
    if (end - start > LONGEST_WORD) return false;
    const word = this.#slots[this.#probe(text, start, end)] - 1;
    if (word < 0) return false;
    const last = this.#tokenEnds[word + 1];
    for (let i = this.#tokenEnds[word]; i < last; i++) {
      const [id, place] = [this.#ids[i], this.#places[i]];
      const [from, to] = [start + (place & 0x7f), start + (place >> 8)];
      token(id, from, to, place & AS_WRITTEN ? text.slice(from, to) : (this.#names[id] as string));
    }
    return true;
  }

  /** Keeps the tokens of a word that is not there, unless it is too long, or one is called neither what its id says nor what stands in its place. */
  add(text: string, start: number, end: number, { ids, starts, ends, values }: Found): void {
    if (end - start > LONGEST_WORD || ids.length > MOST_TOKENS) return;
    const places = ids.map((id, i) => {
      const place = (starts[i] - start) | ((ends[i] - start) << 8);
      if (values[i] === this.#names[id]) return place;
      return values[i] === text.slice(starts[i], ends[i]) ? place | AS_WRITTEN : -1;
    });
    if (places.includes(-1)) return;
    const [units, tokens] = [this.#unitEnds[this.#count] + end - start, this.#tokenEnds[this.#count] + ids.length];
    if (this.#count === MOST_WORDS || units > UNITS || tokens > TOKENS) {
      this.#slots.fill(0);
      this.#count = 0;
    }
    const word = this.#count++;
    this.#slots[this.#probe(text, start, end)] = word + 1;
    let unit = this.#unitEnds[word];
    for (let i = start; i < end; i++) this.#units[unit++] = text.charCodeAt(i);
    const at = this.#tokenEnds[word];
    this.#ids.set(ids, at);
    this.#places.set(places, at);
    this.#unitEnds[word + 1] = unit;
    this.#tokenEnds[word + 1] = at + ids.length;
  }

  #probe(text: string, start: number, end: number): number {
    const hash = hashOf(text, start, end);
    const mask = this.#slots.length - 1;
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const word = this.#slots[slot] - 1;
      if (word < 0 || this.#isAt(word, text, start, end)) return slot;
    }
  }

  #isAt(word: number, text: string, start: number, end: number): boolean {
    const from = this.#unitEnds[word];
    if (this.#unitEnds[word + 1] - from !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#units[from + i - start] !== text.charCodeAt(i)) return false;
    return true;
  }
}
