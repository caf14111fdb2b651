import { TraceletError } from '../../base/error.ts';

const MOST_MARKS = 2 ** 27;

/** Not tried yet, and tried in vain; one more for each atomic group that was left before it was in vain. */
export const [UNTRIED, TRIED] = [0, 1];
/** Leads to a match. */
export const GOOD = 255;

/** What is known of what was tried, by slot and place of a text. */
export class Memory {
  /** At the key of each. */
  readonly marks: Uint8Array;
  readonly #slots: number;
  readonly #begin: number;

  constructor(slots: number, begin: number, end: number, what: string) {
    const most = Math.floor(MOST_MARKS / slots) - 1;
    if (end - begin > most)
      throw new TraceletError('unsupported', {
        what,
        expected: `a text of at most ${most} UTF-16 units`,
        got: String(end - begin),
        cure: 'Split the text, or write the pattern so that it tries less',
      });
    this.#slots = slots;
    this.#begin = begin;
    this.marks = new Uint8Array(slots * (end - begin + 1));
  }

  key(slot: number, at: number): number {
    return (at - this.#begin) * this.#slots + slot;
  }

  /** Forgets what was tried at a place. */
  forget(at: number): void {
    this.marks.fill(UNTRIED, this.key(0, at), this.key(this.#slots, at));
  }
}
