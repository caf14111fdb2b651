import { TraceletError } from '../base/error.ts';

const FIRST = 1 << 12;
const MOST = 2 ** 30;
const WORDS = 4;
const DIGITS = 8;

/** A set of hashes of 32 hexadecimal digits, in 21 to 64 bytes each: open addressing over one array. */
export class HashSet {
  #words = new Uint32Array(FIRST * WORDS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a hash; answers whether it is new. Throws a `memory` error beyond 805 million. */
  add(hash: string): boolean {
    const words = Array.from({ length: WORDS }, (_, i) => Number.parseInt(hash.slice(i * DIGITS, (i + 1) * DIGITS), 16));
    words[0] = (words[0] | 1) >>> 0; // an empty place is 0
    const isNew = this.#put(words);
    if (isNew && ++this.#size * WORDS > 0.75 * this.#words.length) this.#grow();
    return isNew;
  }

  #put(words: ArrayLike<number>): boolean {
    const places = this.#words.length / WORDS;
    for (let place = words[1] % places; ; place = (place + 1) % places) {
      const at = place * WORDS;
      if (this.#words[at] === 0) {
        this.#words.set(words, at);
        return true;
      }
      let same = 0;
      while (same < WORDS && this.#words[at + same] === words[same]) same++;
      if (same === WORDS) return false;
    }
  }

  #grow(): void {
    const old = this.#words;
    const places = (2 * old.length) / WORDS;
    if (places > MOST)
      throw new TraceletError('memory', {
        what: 'submit()',
        expected: `at most ${this.#size} ids whose repeats are found`,
        got: 'more',
        cure: 'Pass { unique: false } for a source that repeats none, or submit it in parts',
      });
    this.#words = new Uint32Array(places * WORDS);
    for (let at = 0; at < old.length; at += WORDS) if (old[at]) this.#put(old.subarray(at, at + WORDS));
  }
}
