/** An edge in the table: the node it leaves, the UTF-16 unit on it, and the node it leads to. */
const EDGE = 3;

/** Finds the texts that another begins with: a tree of UTF-16 units whose edges are in a hash table, open addressing. */
export class Trie {
  #edges = new Int32Array(EDGE << 10);
  /** By node: the value of the text that ends there, or -1. */
  readonly #values: number[] = [-1];

  /** Of equal texts the last one counts. */
  add(text: string, value: number): void {
    let node = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const slot = this.#slot(node, unit);
      node = this.#edges[slot + 2] || this.#insert(slot, node, unit);
    }
    this.#values[node] = value;
  }

  /** Calls `found` with the value and the end of each text that stands at `start` and ends at `end` or before, the shortest first. */
  prefixes(text: string, start: number, end: number, found: (value: number, end: number) => void): void {
    let node = 0;
    for (let i = start; i < end; i++) {
      node = this.#edges[this.#slot(node, text.charCodeAt(i)) + 2];
      if (node === 0) return;
      const value = this.#values[node];
      if (value >= 0) found(value, i + 1);
    }
  }

  /** Where the edge stands, or the free place for it. */
  #slot(node: number, unit: number): number {
    const edges = this.#edges;
    const mask = edges.length / EDGE - 1;
    const hash = Math.imul(Math.imul(node, 31) + unit, 0x9e3779b1);
    for (let at = (hash ^ (hash >>> 15)) & mask; ; at = (at + 1) & mask) {
      const slot = EDGE * at;
      if (edges[slot + 2] === 0 || (edges[slot] === node && edges[slot + 1] === unit)) return slot;
    }
  }

  #insert(slot: number, node: number, unit: number): number {
    const child = this.#values.push(-1) - 1;
    this.#write(slot, node, unit, child);
    if (2 * EDGE * child > this.#edges.length) this.#grow();
    return child;
  }

  #write(slot: number, node: number, unit: number, child: number): void {
    this.#edges[slot] = node;
    this.#edges[slot + 1] = unit;
    this.#edges[slot + 2] = child;
  }

  #grow(): void {
    const before = this.#edges;
    this.#edges = new Int32Array(2 * before.length);
    for (let slot = 0; slot < before.length; slot += EDGE) {
      const [node, unit, child] = [before[slot], before[slot + 1], before[slot + 2]];
      if (child !== 0) this.#write(this.#slot(node, unit), node, unit, child);
    }
  }
}
