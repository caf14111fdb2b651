const SEED = 0x811c9dc5;
const PRIME = 0x01000193;

/** Finds tokens in a text without taking substrings: a hash table over FNV-1a of their UTF-16 units, open addressing. */
export class Lookup {
  readonly #tokens: readonly string[];
  /** Units of each token that are left out, a prefix. */
  readonly #skip: number;
  readonly #slots: Int32Array;
  /** Hash of the first n + 1 units of the text in question. */
  #hashes = new Int32Array(0);

  /** For at most `count` of `tokens`. */
  constructor(tokens: readonly string[], count: number, skip: number) {
    this.#tokens = tokens;
    this.#skip = skip;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2)));
  }

  /** Adds the token of `id`; answers the id of an equal one that is there already. */
  add(id: number): number | undefined {
    const token = this.#tokens[id];
    const length = token.length - this.#skip;
    if (length > this.#hashes.length) this.#hashes = new Int32Array(2 * length);
    let hash = SEED;
    for (let i = this.#skip; i < token.length; i++) hash = Math.imul(hash ^ token.charCodeAt(i), PRIME);
    const slot = this.#probe(hash, token, this.#skip, length);
    if (this.#slots[slot]) return this.#slots[slot] - 1;
    this.#slots[slot] = id + 1;
    return undefined;
  }

  /** Id of the token that `text` is, or -1. */
  find(text: string): number {
    let hash = SEED;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
    return this.#slots[this.#probe(hash, text, 0, text.length)] - 1;
  }

  /** Id of the longest token that `text` has at `start` and that stops before `end`, or -1. */
  longest(text: string, start: number, end: number): number {
    const hashes = this.#hashes;
    const most = Math.min(end - start, hashes.length);
    let hash = SEED;
    for (let i = 0; i < most; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(start + i), PRIME);
      hashes[i] = hash;
    }
    for (let length = most; length > 0; length--) {
      const id = this.#slots[this.#probe(hashes[length - 1], text, start, length)] - 1;
      if (id >= 0) return id;
    }
    return -1;
  }

  /** The slot of the token that the units of `text` make, or the free one where it belongs. */
  #probe(hash: number, text: string, start: number, length: number): number {
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#slots[slot] && !this.#equals(this.#tokens[this.#slots[slot] - 1], text, start, length)) slot = (slot + 1) & mask;
    return slot;
  }

  #equals(token: string, text: string, start: number, length: number): boolean {
    if (token.length - this.#skip !== length) return false;
    for (let i = 0; i < length; i++) if (token.charCodeAt(this.#skip + i) !== text.charCodeAt(start + i)) return false;
    return true;
  }
}
