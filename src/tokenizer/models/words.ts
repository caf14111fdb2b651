import { hashOf } from '../lookup.ts';

const MOST_WORDS = 2 ** 14;
const KEYS = 2 ** 17;
const ANSWERS = 2 ** 17;
/** The longest word that is kept. */
export const LONGEST_WORD = 64;

/**
 * Numbers that were found for words: a hash table over FNV-1a of their UTF-16 units, open addressing. It holds copies, so no text is kept alive,
 * and it forgets all when it is full.
 */
export class Words {
  /** Number + 1 of the word whose place it is. */
  readonly #slots = new Int32Array(2 * MOST_WORDS);
  readonly #keys = new Uint16Array(KEYS);
  readonly #answers = new Int32Array(ANSWERS);
  /** Where the key and the answer of each word end. */
  readonly #keyEnds = new Int32Array(MOST_WORDS + 1);
  readonly #answerEnds = new Int32Array(MOST_WORDS + 1);
  #count = 0;

  /** The numbers of the word that `text` has from `start` to `end`; undefined where it is not there. */
  find(text: string, start: number, end: number): Int32Array | undefined {
    const word = this.#slots[this.#probe(text, start, end)] - 1;
    return word < 0 ? undefined : this.#answers.subarray(this.#answerEnds[word], this.#answerEnds[word + 1]);
  }

  /** Keeps the numbers of a word that is not there, if there are not too many. */
  add(text: string, start: number, end: number, answer: readonly number[]): void {
    if (end - start > LONGEST_WORD || answer.length > ANSWERS / 64) return;
    const isFull = () =>
      this.#count === MOST_WORDS ||
      this.#keyEnds[this.#count] + end - start > KEYS ||
      this.#answerEnds[this.#count] + answer.length > ANSWERS;
    if (isFull()) {
      this.#slots.fill(0);
      this.#count = 0;
    }
    this.#slots[this.#probe(text, start, end)] = this.#count + 1;
    let key = this.#keyEnds[this.#count];
    for (let i = start; i < end; i++) this.#keys[key++] = text.charCodeAt(i);
    this.#answers.set(answer, this.#answerEnds[this.#count]);
    this.#count++;
    this.#keyEnds[this.#count] = key;
    this.#answerEnds[this.#count] = this.#answerEnds[this.#count - 1] + answer.length;
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
    const from = this.#keyEnds[word];
    if (this.#keyEnds[word + 1] - from !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#keys[from + i - start] !== text.charCodeAt(i)) return false;
    return true;
  }
}
