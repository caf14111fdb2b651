/** First-fit allocation in a growing memory; blocks are multiples of 64 bytes, freed neighbours merge. */
export class Allocator {
  readonly #free: { at: number; bytes: number }[] = [];
  readonly #sizes = new Map<number, number>();
  readonly #reserve: (end: number) => void;
  #top: number;

  /** `reserve(end)` makes every byte below `end` usable, or throws. */
  constructor(base: number, reserve: (end: number) => void) {
    this.#top = base;
    this.#reserve = reserve;
  }

  alloc(bytes: number): number {
    const size = Math.max(64, Math.ceil(bytes / 64) * 64);
    const slot = this.#free.findIndex((block) => block.bytes >= size);
    let at = this.#top;
    if (slot >= 0) {
      const block = this.#free[slot];
      at = block.at;
      block.at += size;
      block.bytes -= size;
      if (block.bytes === 0) this.#free.splice(slot, 1);
    } else {
      this.#reserve(at + size);
      this.#top = at + size;
    }
    this.#sizes.set(at, size);
    return at;
  }

  free(at: number): void {
    const bytes = this.#sizes.get(at);
    if (bytes === undefined) return;
    this.#sizes.delete(at);
    let slot = this.#free.findIndex((block) => block.at > at);
    if (slot < 0) slot = this.#free.length;
    this.#free.splice(slot, 0, { at, bytes });
    this.#merge(slot);
    this.#merge(slot - 1);
    const end = this.#free.at(-1);
    if (end && end.at + end.bytes === this.#top) {
      this.#top = end.at;
      this.#free.pop();
    }
  }

  #merge(slot: number): void {
    const [left, right] = [this.#free[slot], this.#free[slot + 1]];
    if (!left || !right || left.at + left.bytes !== right.at) return;
    left.bytes += right.bytes;
    this.#free.splice(slot + 1, 1);
  }
}
