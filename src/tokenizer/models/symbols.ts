import { Heap } from './heap.ts';
import type { Merges } from './merges.ts';

/** Ranks and places share a number; both have to fit. */
const PLACES = 2 ** 31;

/** The tokens of a word while they are merged: a chain in which each knows its neighbours. */
export class Symbols {
  /** Ids; -1 for what was merged into the one before. */
  #ids = new Int32Array(64);
  /** Bytes of UTF-8 that each stands for. */
  #bytes = new Int32Array(64);
  #before = new Int32Array(64);
  #behind = new Int32Array(64);
  #count = 0;
  /** Ranks of pairs with the place of their first: a heap, the least on top. */
  readonly #waiting = new Heap();

  /** Makes room for a word of at most `count` tokens. */
  begin(count: number): void {
    this.#count = 0;
    if (count <= this.#ids.length) return;
    [this.#ids, this.#bytes] = [new Int32Array(2 * count), new Int32Array(2 * count)];
    [this.#before, this.#behind] = [new Int32Array(2 * count), new Int32Array(2 * count)];
  }

  add(id: number, bytes: number): void {
    const at = this.#count++;
    this.#ids[at] = id;
    this.#bytes[at] = bytes;
    this.#before[at] = at - 1;
    this.#behind[at] = at + 1;
  }

  /** Merges pairs until none has a rank: always the lowest rank first, and the first of its places. */
  merge(merges: Merges): void {
    for (let at = 0; at + 1 < this.#count; at++) this.#offer(merges, at);
    while (this.#waiting.size > 0) {
      const top = this.#waiting.pop();
      const at = top % PLACES;
      const rank = (top - at) / PLACES;
      const next = this.#behind[at];
      if (next >= this.#count || this.#ids[at] !== merges.left[rank] || this.#ids[next] !== merges.right[rank]) continue;
      this.#ids[at] = merges.made[rank];
      this.#bytes[at] += this.#bytes[next];
      this.#ids[next] = -1;
      this.#behind[at] = this.#behind[next];
      if (this.#behind[at] < this.#count) this.#before[this.#behind[at]] = at;
      if (this.#before[at] >= 0) this.#offer(merges, this.#before[at]);
      this.#offer(merges, at);
    }
  }

  /** Calls `each` with the id and the bytes of each token that is left. */
  forEach(each: (id: number, bytes: number) => void): void {
    for (let at = 0; at < this.#count; at = this.#behind[at]) each(this.#ids[at], this.#bytes[at]);
  }

  /** Lets the pair at `at` wait, if it can be merged. */
  #offer(merges: Merges, at: number): void {
    const next = this.#behind[at];
    if (next >= this.#count) return;
    const rank = merges.rank(this.#ids[at], this.#ids[next]);
    if (rank >= 0) this.#waiting.push(rank * PLACES + at);
  }
}
