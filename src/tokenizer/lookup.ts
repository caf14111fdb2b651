const SEED = 0x811c9dc5;
const PRIME = 0x01000193;

/** What the tokens in question begin with besides their units in the text. */
export interface Prefix {
  readonly text: string;
  /** Of its units. */
  readonly hash: number;
}

/** FNV-1a of the UTF-16 units that `text` has from `start` to `end`. */
export function hashOf(text: string, start = 0, end = text.length): number {
  let hash = SEED;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return hash;
}

export const prefixOf = (text: string): Prefix => ({ text, hash: hashOf(text) });

export const NO_PREFIX: Prefix = prefixOf('');

/** Finds tokens in a text without taking substrings: a hash table over FNV-1a of their UTF-16 units, open addressing. */
export class Lookup {
  readonly #tokens: readonly (string | undefined)[];
  readonly #slots: Int32Array;
  /** Hash of the first n + 1 units of the text in question. */
  #hashes = new Int32Array(0);
  /** Whether a token may begin with units of a hash, by its last bits: made when the longest token is first asked for. */
  #beginnings: Uint8Array | undefined;

  constructor(tokens: readonly (string | undefined)[]) {
    this.#tokens = tokens;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(2 * tokens.length + 2)));
  }

  /** Adds the token of `id`; answers the id of an equal one, which it replaces. */
  add(id: number): number | undefined {
    const token = this.#tokens[id] as string;
    if (token.length > this.#hashes.length) this.#hashes = new Int32Array(2 * token.length);
    const slot = this.#probe(hashOf(token), '', token, 0, token.length);
    const before = this.#slots[slot] - 1;
    this.#slots[slot] = id + 1;
    this.#beginnings = undefined;
    return before < 0 ? undefined : before;
  }

  /** Id of the token that `text` is, or -1. */
  find(text: string): number {
    return this.exact(text, 0, text.length);
  }

  /** Id of the token that `text` has from `start` to `end`, or -1. */
  exact(text: string, start: number, end: number): number {
    return this.#slots[this.#probe(hashOf(text, start, end), '', text, start, end - start)] - 1;
  }

  /** Id of the longest token that is `prefix` and what `text` has at `start` and before `end`, at least a unit; or -1. */
  longest(text: string, start: number, end: number, prefix: Prefix = NO_PREFIX): number {
    this.#beginnings ??= this.#allBeginnings();
    const [hashes, beginnings] = [this.#hashes, this.#beginnings];
    const mask = beginnings.length - 1;
    const most = Math.min(end - start, hashes.length);
    let reached = 0;
    for (let { hash } = prefix; reached < most; reached++) {
      hash = Math.imul(hash ^ text.charCodeAt(start + reached), PRIME);
      if (beginnings[(hash ^ (hash >>> 15)) & mask] === 0) break;
      hashes[reached] = hash;
    }
    for (let length = reached; length > 0; length--) {
      const id = this.#slots[this.#probe(hashes[length - 1], prefix.text, text, start, length)] - 1;
      if (id >= 0) return id;
    }
    return -1;
  }

  #allBeginnings(): Uint8Array {
    const beginnings = new Uint8Array(8 * this.#slots.length);
    const mask = beginnings.length - 1;
    for (const slot of this.#slots) {
      const token = slot === 0 ? '' : (this.#tokens[slot - 1] as string);
      for (let hash = SEED, i = 0; i < token.length; i++) {
        hash = Math.imul(hash ^ token.charCodeAt(i), PRIME);
        beginnings[(hash ^ (hash >>> 15)) & mask] = 1;
      }
    }
    return beginnings;
  }

  /** The slot of the token that `prefix` and the units of `text` make, or the free one where it belongs. */
  #probe(hash: number, prefix: string, text: string, start: number, length: number): number {
    const mask = this.#slots.length - 1;
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (this.#slots[slot] && !equals(this.#tokens[this.#slots[slot] - 1] as string, prefix, text, start, length))
      slot = (slot + 1) & mask;
    return slot;
  }
}

function equals(token: string, prefix: string, text: string, start: number, length: number): boolean {
  const skip = prefix.length;
  if (token.length !== skip + length) return false;
  for (let i = 0; i < skip; i++) if (token.charCodeAt(i) !== prefix.charCodeAt(i)) return false;
  for (let i = 0; i < length; i++) if (token.charCodeAt(skip + i) !== text.charCodeAt(start + i)) return false;
  return true;
}
