import type { Fault } from './fault.ts';

const LONGEST = 15;
/** Codes of so many bits are looked up at once; longer ones are rare. */
const QUICK = 9;

/** Bits of a deflated stream, from the lowest of each byte on. */
export class Bits {
  readonly #bytes: Uint8Array;
  readonly #fault: Fault;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array, fault: Fault) {
    this.#bytes = bytes;
    this.#fault = fault;
  }

  /** The next bits as a number; at most 16. */
  take(count: number): number {
    this.#fill(count);
    if (this.#count < count) throw this.#cut();
    const value = this.#held & ((1 << count) - 1);
    this.#drop(count);
    return value;
  }

  /** Bytes from the next whole one on. */
  bytes(length: number): Uint8Array {
    this.#at -= this.#count >> 3;
    this.#held = 0;
    this.#count = 0;
    if (length > this.#bytes.length - this.#at) throw this.#cut();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** The next symbol of a code. */
  symbol(code: Code): number {
    this.#fill(LONGEST);
    const quick = code.quick[this.#held & (code.quick.length - 1)];
    const found = quick === 0 ? code.search(this.#held) : quick;
    if (found === 0) throw this.#fault('a code that was announced', 'another');
    const length = found & 15;
    if (length > this.#count) throw this.#cut();
    this.#drop(length);
    return found >>> 4;
  }

  /** Throws unless the last byte was begun. */
  end(): void {
    const rest = this.#bytes.length - this.#at + (this.#count >> 3);
    if (rest > 0) throw this.#fault('an end behind the last block', `${rest} more bytes`);
  }

  #fill(count: number): void {
    while (this.#count < count && this.#at < this.#bytes.length) {
      this.#held |= this.#bytes[this.#at++] << this.#count;
      this.#count += 8;
    }
  }

  #drop(count: number): void {
    this.#held >>>= count;
    this.#count -= count;
  }

  #cut(): Error {
    return this.#fault('deflated data to its end', 'data that is cut short');
  }
}

const reversed = (code: number, length: number): number => {
  let turned = 0;
  for (let bit = 0; bit < length; bit++) turned |= ((code >> bit) & 1) << (length - 1 - bit);
  return turned;
};

/** A prefix code given by the length of each symbol's code. An entry of its tables is a symbol times 16 and the length of its code; 0 is none. */
export class Code {
  readonly quick: Uint16Array;
  readonly #counts: Uint16Array = new Uint16Array(LONGEST + 1);
  /** Symbols by length of code, then by themselves. */
  readonly #sorted: Uint16Array;

  /** Throws for lengths of no code, and for those that leave codes over, but for a code of one symbol or none. */
  constructor(lengths: Uint8Array, fault: Fault) {
    for (const length of lengths) this.#counts[length]++;
    const used = lengths.length - this.#counts[0];
    this.#counts[0] = 0;
    const longest = this.#counts.findLastIndex((count) => count > 0);
    const firsts = this.#firstCodes(fault, longest);
    this.#sorted = new Uint16Array(used);
    this.quick = new Uint16Array(1 << Math.min(QUICK, Math.max(longest, 0)));
    const places = new Uint16Array(LONGEST + 2);
    for (let length = 1; length <= LONGEST; length++) places[length + 1] = places[length] + this.#counts[length];
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol];
      if (length === 0) continue;
      this.#sorted[places[length]++] = symbol;
      const code = firsts[length]++;
      if (length > QUICK) continue;
      for (let at = reversed(code, length); at < this.quick.length; at += 1 << length) this.quick[at] = (symbol << 4) | length;
    }
  }

  #firstCodes(fault: Fault, longest: number): Uint16Array {
    const firsts = new Uint16Array(LONGEST + 1);
    let free = 1;
    for (let length = 1, code = 0; length <= LONGEST; length++) {
      code = (code + this.#counts[length - 1]) << 1;
      free = free * 2 - this.#counts[length];
      if (free < 0) throw fault('lengths of a prefix code', 'more codes than there are');
      firsts[length] = code;
    }
    if (free > 0 && longest > 1) throw fault('lengths of a prefix code', 'codes that are left over');
    return firsts;
  }

  /** The entry of the code with which `bits` begin. */
  search(bits: number): number {
    let code = 0;
    let first = 0;
    let place = 0;
    for (let length = 1; length <= LONGEST; length++) {
      code = (code << 1) | ((bits >> (length - 1)) & 1);
      first <<= 1;
      const count = this.#counts[length];
      if (code < first + count) return (this.#sorted[place + code - first] << 4) | length;
      first += count;
      place += count;
    }
    return 0;
  }
}
