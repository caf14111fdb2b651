import { longMappings, mappings, numbers } from './packed.ts';
import * as table from './unicode.ts';

/** Bits of {@link Characters.flags}. */
export const DROPPED = 1;
export const SPACE = 2;
export const PUNCTUATION = 4;
export const MARK = 8;
export const HAN = 16;
/** Has a combining class. */
export const CLASSED = 32;
/** Has a decomposition, canonical or compatible. */
export const DECOMPOSED = 64;
export const LOWERS = 128;

/** What normalizers and pre-tokenizers know about each code point. */
export interface Characters {
  /** Indexed by code point. */
  flags: Uint8Array;
  /** Lower case of a character flagged LOWERS. */
  lowers: Map<number, readonly number[]>;
}

const CODE_POINTS = 0x110000;
const HANGUL = { first: 0xac00, count: 11172 };

let known: Characters | undefined;
let words: Uint8Array | undefined;
let ranks: ReadonlyMap<number, number> | undefined;

/** The character table, decoded on first use. */
export function characters(): Characters {
  known ??= decodeTable();
  return known;
}

/** Whether `code` is whitespace. */
export const isSpace = (code: number): boolean => (characters().flags[code] & SPACE) !== 0;

/** Whether `code` counts as part of a word beside a `single_word` token, as `\w` does in Rust's regex. */
export function isWord(code: number): boolean {
  words ??= flagged([[table.WORD, 1]]);
  return words[code] === 1;
}

/** For every code point the bits of the sets of the table that it is of. */
export function flagged(sets: readonly (readonly [set: string, bit: number])[]): Uint8Array {
  const flags = new Uint8Array(CODE_POINTS);
  for (const [i, [set, bit]] of sets.entries()) markSet(flags, set, bit, i === 0);
  return flags;
}

/** What `code` decomposes to. Nothing that Unicode says of a character once it is assigned changes, so any engine answers alike for those flagged DECOMPOSED. */
export function decomposed(code: number, form: 'NFD' | 'NFKD'): number[] {
  return Array.from(String.fromCodePoint(code).normalize(form), (part) => part.codePointAt(0) as number);
}

/** Where a mark, flagged CLASSED, stands among marks: by its combining class, which does not change either, so that any engine answers alike. */
export function rankOf(mark: number): number {
  ranks ??= rankMarks();
  return ranks.get(mark) as number;
}

function rankMarks(): Map<number, number> {
  const isBehind = (a: number, b: number): number => {
    const text = String.fromCodePoint(a, b);
    return Number(text.normalize('NFD') !== text);
  };
  const marks = codesIn(table.CLASSED).sort((a, b) => isBehind(a, b) - isBehind(b, a));
  let rank = 0;
  return new Map(marks.map((mark, i) => [mark, i > 0 && isBehind(mark, marks[i - 1]) ? ++rank : rank]));
}

function codesIn(set: string): number[] {
  const codes: number[] = [];
  const next = numbers(set);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    for (const end = code + next(); code < end; code++) codes.push(code);
  }
  return codes;
}

function decodeTable(): Characters {
  const flags = flagged([
    [table.DROPPED, DROPPED],
    [table.SPACE, SPACE],
    [table.PUNCTUATION, PUNCTUATION],
    [table.MARK, MARK],
    [table.CLASSED, CLASSED],
    [table.HAN, HAN],
    [table.DECOMPOSED, DECOMPOSED],
  ]);
  for (let i = 0; i < HANGUL.count; i++) flags[HANGUL.first + i] |= DECOMPOSED;
  const lowers = decodeLowers();
  for (const code of lowers.keys()) flags[code] |= LOWERS;
  return { flags, lowers };
}

function decodeLowers(): Map<number, readonly number[]> {
  const lowers: Map<number, readonly number[]> = longMappings(table.LOWER_LONG);
  for (const [code, lower] of mappings(table.LOWER)) lowers.set(code, [lower]);
  return lowers;
}

/** The first set may be written as it is: of unassigned characters there are hundreds of thousands. */
function markSet(flags: Uint8Array, text: string, bit: number, isFirst: boolean): void {
  const next = numbers(text);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    const end = code + next();
    if (isFirst) flags.fill(bit, code, end);
    else for (let at = code; at < end; at++) flags[at] |= bit;
    code = end;
  }
}
