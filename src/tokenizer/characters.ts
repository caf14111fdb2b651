import * as table from './unicode.ts';

/** Bits of {@link Characters.flags}. */
export const DROPPED = 1;
export const SPACE = 2;
export const PUNCTUATION = 4;
export const MARK = 8;
export const HAN = 16;
export const RANKED = 32;
export const STRIPS = 64;
export const LOWERS = 128;

/** What BERT's normalizer and pre-tokenizer know about each code point. */
export interface Characters {
  /** Indexed by code point. */
  flags: Uint8Array;
  /** Canonical order of the marks flagged RANKED, as far as it can be observed. */
  ranks: Map<number, number>;
  /** What is left of a character flagged STRIPS without accents; Hangul syllables are left to arithmetic. */
  strips: Map<number, readonly number[]>;
  /** Lower case of a character flagged LOWERS. */
  lowers: Map<number, readonly number[]>;
}

const CODE_POINTS = 0x110000;
const HANGUL = { first: 0xac00, count: 11172, lead: 0x1100, vowel: 0x1161, trail: 0x11a7, vowels: 21, trails: 28 };

let known: Characters | undefined;
let word: Uint8Array | undefined;

/** The character table, decoded on first use. */
export function characters(): Characters {
  known ??= decodeTable();
  return known;
}

/** Whether `code` counts as part of a word beside a `single_word` token, as `\w` does in Rust's regex. */
export function isWord(code: number): boolean {
  if (!word) {
    word = new Uint8Array(CODE_POINTS);
    markSet(word, table.WORD, 1);
  }
  return word[code] === 1;
}

/** The jamo of a Hangul syllable, or undefined for any other character. */
export function jamo(code: number): number[] | undefined {
  const index = code - HANGUL.first;
  if (index < 0 || index >= HANGUL.count) return undefined;
  const trail = index % HANGUL.trails;
  const open = (index - trail) / HANGUL.trails;
  const parts = [HANGUL.lead + Math.floor(open / HANGUL.vowels), HANGUL.vowel + (open % HANGUL.vowels)];
  return trail ? [...parts, HANGUL.trail + trail] : parts;
}

function decodeTable(): Characters {
  const flags = new Uint8Array(CODE_POINTS);
  markSet(flags, table.DROPPED, DROPPED);
  markSet(flags, table.SPACE, SPACE);
  markSet(flags, table.PUNCTUATION, PUNCTUATION);
  markSet(flags, table.MARK, MARK);
  markSet(flags, table.HAN, HAN);
  const ranks = decodeRanks();
  const strips = decodeStrips();
  const lowers = decodeLowers();
  for (const code of ranks.keys()) flags[code] |= RANKED;
  for (const code of strips.keys()) flags[code] |= STRIPS;
  for (const code of lowers.keys()) flags[code] |= LOWERS;
  for (let i = 0; i < HANGUL.count; i++) flags[HANGUL.first + i] |= STRIPS;
  return { flags, ranks, strips, lowers };
}

function decodeRanks(): Map<number, number> {
  const ranks = new Map<number, number>();
  const next = numbers(table.RANK);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    const end = code + next();
    for (const rank = next(); code < end; code++) ranks.set(code, rank);
  }
  return ranks;
}

function decodeStrips(): Map<number, number[]> {
  const strips = decodeLong(table.STRIP_LONG);
  const next = numbers(table.STRIP);
  let target = 0;
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    for (const end = code + next(); code < end; code++) {
      target += signed(next());
      strips.set(code, [target]);
    }
  }
  return strips;
}

function decodeLowers(): Map<number, number[]> {
  const lowers = decodeLong(table.LOWER_LONG);
  const next = numbers(table.LOWER);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    const count = next();
    const step = next();
    const distance = signed(next());
    for (const end = code + count * step; code < end; code += step) lowers.set(code, [code + distance]);
  }
  return lowers;
}

function decodeLong(text: string): Map<number, number[]> {
  const long = new Map<number, number[]>();
  const next = numbers(text);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    let part = code;
    const parts = Array.from({ length: next() }, () => {
      part += signed(next());
      return part;
    });
    long.set(code, parts);
  }
  return long;
}

function markSet(flags: Uint8Array, text: string, bit: number): void {
  const next = numbers(text);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    for (const end = code + next(); code < end; code++) flags[code] |= bit;
  }
}

/** Reads one number a call from printable ASCII, -1 at the end: base 44, digits before the last raised by 44. */
function numbers(text: string): () => number {
  let at = 0;
  return () => {
    if (at === text.length) return -1;
    let value = 0;
    for (;;) {
      const unit = text.charCodeAt(at++);
      const digit = unit - 37 - (unit > 39 ? 1 : 0) - (unit > 92 ? 1 : 0);
      value = value * 44 + (digit % 44);
      if (digit < 44) return value;
    }
  };
}

const signed = (zigzag: number): number => (zigzag % 2 ? -(zigzag + 1) / 2 : zigzag / 2);
