import { TraceletError } from '../../base/error.ts';

const MOST_BITS = 2 ** 30;

/** What is known of places in a text: which of them were tried, and which of those led to a match. */
export class Memory {
  readonly #slots: number;
  readonly #begin: number;
  readonly #tried: Uint32Array;
  readonly #good: Uint32Array;

  constructor(slots: number, begin: number, end: number, what: string) {
    const bits = slots * (end - begin + 1);
    if (bits > MOST_BITS)
      throw new TraceletError('unsupported', {
        what,
        expected: `a text of at most ${Math.floor(MOST_BITS / slots) - 1} UTF-16 units`,
        got: String(end - begin),
        cure: 'Split the text, or write the pattern so that it tries less',
      });
    this.#slots = slots;
    this.#begin = begin;
    this.#tried = new Uint32Array((bits >>> 5) + 1);
    this.#good = new Uint32Array((bits >>> 5) + 1);
  }

  key(slot: number, at: number): number {
    return (at - this.#begin) * this.#slots + slot;
  }

  wasTried(key: number): boolean {
    return ((this.#tried[key >>> 5] >>> (key & 31)) & 1) === 1;
  }

  isGood(key: number): boolean {
    return ((this.#good[key >>> 5] >>> (key & 31)) & 1) === 1;
  }

  try(key: number): void {
    this.#tried[key >>> 5] |= 1 << (key & 31);
  }

  praise(key: number): void {
    this.#good[key >>> 5] |= 1 << (key & 31);
  }

  /** Forgets what was tried at a place. */
  forget(at: number): void {
    for (let slot = 0; slot < this.#slots; slot++) {
      const key = this.key(slot, at);
      this.#tried[key >>> 5] &= ~(1 << (key & 31));
    }
  }
}
