const KNUTH = 0x9e3779b1;

/** What becomes of two tokens side by side, by rank: the lower is merged first. A hash table over pairs of ids, open addressing. */
export class Merges {
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** The id of the token that the pair becomes. */
  readonly made: Int32Array;
  /** Rank + 1 of the pair whose place it is. */
  readonly #slots: Int32Array;
  #count = 0;

  constructor(count: number) {
    [this.left, this.right, this.made] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2)));
  }

  /** Adds a pair with the next rank. A pair that is there already has the new rank from now on. */
  add(left: number, right: number, made: number): void {
    const rank = this.#count++;
    this.left[rank] = left;
    this.right[rank] = right;
    this.made[rank] = made;
    this.#slots[this.#probe(left, right)] = rank + 1;
  }

  /** The rank of a pair, or -1. */
  rank(left: number, right: number): number {
    return this.#slots[this.#probe(left, right)] - 1;
  }

  #probe(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    const hash = Math.imul(Math.imul(left, 31) + right, KNUTH);
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const rank = this.#slots[slot] - 1;
      if (rank < 0 || (this.left[rank] === left && this.right[rank] === right)) return slot;
    }
  }
}
