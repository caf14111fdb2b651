import { flagged } from '../characters.ts';
import * as table from '../unicode.ts';

const [CONTROL, EXTEND, SPACING, PREPEND, PICTOGRAPH, CONSONANT, LINKER, HANGUL] = [1, 2, 4, 8, 16, 32, 64, 128];

let known: Uint8Array | undefined;

/** Which sets that decide where characters of several code points end each code point is of. */
function sets(): Uint8Array {
  if (known) return known;
  known = flagged([
    [table.CONTROL, CONTROL],
    [table.EXTEND, EXTEND],
    [table.SPACING, SPACING],
    [table.PREPEND, PREPEND],
    [table.PICTOGRAPH, PICTOGRAPH],
    [table.CONSONANT, CONSONANT],
    [table.LINKER, LINKER],
  ]);
  for (const [, first, last] of JAMO) for (let code = first; code <= last; code++) known[code] |= HANGUL;
  return known;
}

const [CR, LF, NON_JOINER, JOINER] = [0x0d, 0x0a, 0x200c, 0x200d];

const [L, V, T, LV, LVT] = [1, 2, 4, 8, 16];

/** Code points that are parts of Hangul syllables. */
const JAMO: readonly (readonly [part: number, first: number, last: number])[] = [
  [L, 0x1100, 0x115f],
  [L, 0xa960, 0xa97c],
  [V, 0x1160, 0x11a7],
  [V, 0xd7b0, 0xd7c6],
  [V, 0x16d63, 0x16d63],
  [V, 0x16d67, 0x16d6a],
  [T, 0x11a8, 0x11ff],
  [T, 0xd7cb, 0xd7fb],
];
const [FIRST_SYLLABLE, LAST_SYLLABLE, FINALS] = [0xac00, 0xd7a3, 28];

/** What may continue a syllable behind each part. */
const CONTINUES = new Map([
  [L, L | V | LV | LVT],
  [V, V | T],
  [LV, V | T],
  [T, T],
  [LVT, T],
]);

/** Parts of a Hangul syllable that a code point holds, or 0. */
function hangul(code: number): number {
  if (code >= FIRST_SYLLABLE && code <= LAST_SYLLABLE) return (code - FIRST_SYLLABLE) % FINALS === 0 ? LV : LVT;
  return JAMO.find(([, first, last]) => code >= first && code <= last)?.[0] ?? 0;
}

/** Whether a code point joins none that is alike. */
export const isApart = (code: number): boolean => sets()[code] === 0;

/**
 * Where the extended grapheme cluster that begins at `start` ends, as Unicode's annex 29 has it. Flags stay halves: whether they join shows nowhere
 * but in clusters of six bytes and more.
 */
export function clusterEnd(code: readonly number[], start: number): number {
  const flags = sets();
  let end = start + 1;
  while (end < code.length && joins(flags, code, start, end)) end++;
  return end;
}

function joins(flags: Uint8Array, code: readonly number[], start: number, at: number): boolean {
  const before = code[at - 1];
  const after = code[at];
  if (flags[before] === 0 && flags[after] === 0) return false;
  if (before === CR && after === LF) return true;
  if ((flags[before] | flags[after]) & CONTROL) return false;
  if (flags[after] & (EXTEND | SPACING) || flags[before] & PREPEND) return true;
  if ((flags[before] | flags[after]) & HANGUL && (CONTINUES.get(hangul(before)) ?? 0) & hangul(after)) return true;
  let back = at - 1;
  if (flags[after] & PICTOGRAPH && before === JOINER) {
    do back--;
    while (back > start && flags[code[back]] & EXTEND);
    return back >= start && (flags[code[back]] & PICTOGRAPH) !== 0;
  }
  if (!(flags[after] & CONSONANT)) return false;
  let links = 0;
  while (back > start && isWithin(flags, code[back])) links |= flags[code[back--]] & LINKER;
  return links !== 0 && (flags[code[back]] & CONSONANT) !== 0;
}

/** Whether a code point may stand between consonants that are linked. */
const isWithin = (flags: Uint8Array, code: number): boolean =>
  code === JOINER || (code !== NON_JOINER && (flags[code] & (LINKER | EXTEND)) !== 0);
