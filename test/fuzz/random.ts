/** Numbers that follow from a seed and a name alone. */
export class Random {
  #state: number;

  constructor(seed: number, name: string) {
    this.#state = [...`${seed} ${name}`].reduce((hash, character) => mixed(hash ^ (character.codePointAt(0) as number)), 0x9e3779b9);
  }

  /** A whole number from 0 up to, but not, `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return Math.floor(((mixed(this.#state) >>> 0) / 2 ** 32) * end);
  }

  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(share: number): boolean {
    return this.below(1 << 20) < share * (1 << 20);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
}

function mixed(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return h ^ (h >>> 15);
}
