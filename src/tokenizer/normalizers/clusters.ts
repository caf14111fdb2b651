import { flagged } from '../characters.ts';
import * as table from '../unicode.ts';

const [CONTROL, EXTEND, SPACING, PREPEND, PICTOGRAPH, CONSONANT, LINKER] = [1, 2, 4, 8, 16, 32, 64];

let known: Uint8Array | undefined;

/** Which sets that decide where characters of several code points end each code point is of. */
function sets(): Uint8Array {
  known ??= flagged([
    [table.CONTROL, CONTROL],
    [table.EXTEND, EXTEND],
    [table.SPACING, SPACING],
    [table.PREPEND, PREPEND],
    [table.PICTOGRAPH, PICTOGRAPH],
    [table.CONSONANT, CONSONANT],
    [table.LINKER, LINKER],
  ]);
  return known;
}

const [CR, LF, NON_JOINER, JOINER] = [0x0d, 0x0a, 0x200c, 0x200d];

const within = (code: number, ...bounds: readonly number[]): boolean =>
  bounds.some((low, i) => i % 2 === 0 && code >= low && code <= bounds[i + 1]);

/** Parts of a Hangul syllable that a code point holds, or 0. */
function hangul(code: number): string {
  if (within(code, 0xac00, 0xd7a3)) return (code - 0xac00) % 28 === 0 ? 'LV' : 'LVT';
  if (within(code, 0x1100, 0x115f, 0xa960, 0xa97c)) return 'L';
  if (within(code, 0x1160, 0x11a7, 0xd7b0, 0xd7c6, 0x16d63, 0x16d63, 0x16d67, 0x16d6a)) return 'V';
  return within(code, 0x11a8, 0x11ff, 0xd7cb, 0xd7fb) ? 'T' : '';
}

/** Pairs of which the second continues the syllable of the first. */
const SYLLABLES = /^(?:L (?:L|V|LV|LVT)|(?:LV|V) [VT]|(?:LVT|T) T)$/;

/**
 * Where the extended grapheme cluster that begins at `start` ends, as Unicode's annex 29 has it. Flags stay halves: whether they join shows nowhere
 * but in clusters of six bytes and more.
 */
export function clusterEnd(code: readonly number[], start: number): number {
  let end = start + 1;
  while (end < code.length && joins(sets(), code, start, end)) end++;
  return end;
}

function joins(flags: Uint8Array, code: readonly number[], start: number, at: number): boolean {
  const [before, after] = [code[at - 1], code[at]];
  if (before === CR && after === LF) return true;
  if ((flags[before] | flags[after]) & CONTROL) return false;
  if (flags[after] & (EXTEND | SPACING) || flags[before] & PREPEND) return true;
  if (SYLLABLES.test(`${hangul(before)} ${hangul(after)}`)) return true;
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
