import { TraceletError } from '../../base/error.ts';
import type { Ranges } from './ranges.ts';

const [BLOCK, SHIFT, CODE_POINTS] = [128, 7, 0x110000];

/** Most sets that differ, and most numbers that say which kinds of characters they have. */
const [MOST_SETS, MOST_MEMBERS] = [1024, 2 ** 24];

/** The kinds of characters that the sets of a pattern tell apart. */
export interface Alphabet {
  /** How many kinds there are. */
  readonly kinds: number;
  /** The kind of a character: at `index[code >> 7]` times 128, plus its last 7 bits. The first block is that of ASCII. */
  readonly blocks: Uint16Array;
  readonly index: Uint16Array;
  /** Whether a set has a kind, at the place of the set plus the kind. */
  readonly members: Uint8Array;
  /** Where each set stands in `members`. */
  readonly places: ReadonlyMap<Ranges, number>;
}

/** Tells apart what `sets` do, and no more. */
export function alphabetOf(sets: readonly Ranges[], what: string): Alphabet {
  const { unique, numbers } = distinct(sets);
  if (unique.length > MOST_SETS)
    throw new TraceletError('unsupported', {
      what,
      expected: `at most ${MOST_SETS} different sets of characters`,
      got: String(unique.length),
    });
  const bounds = Uint32Array.from(new Set([0, ...unique.flat(), CODE_POINTS])).sort();
  const { kindAt, kinds } = refine(unique, bounds);
  if (kinds * unique.length > MOST_MEMBERS || kinds > 0xffff)
    throw new TraceletError('unsupported', { what, expected: 'fewer sets of characters', got: `${unique.length}, of ${kinds} kinds` });
  const members = new Uint8Array(kinds * unique.length);
  for (const [number, set] of unique.entries())
    forEachStretch(set, bounds, (stretch, isIn) => {
      members[number * kinds + kindAt[stretch]] = isIn;
    });
  const places = new Map([...numbers].map(([set, number]) => [set, number * kinds]));
  return { kinds, members, places, ...paged(bounds, kindAt) };
}

/** The sets that differ, and the number of each of them all. */
function distinct(sets: readonly Ranges[]): { unique: Ranges[]; numbers: Map<Ranges, number> } {
  const byKey = new Map<string, number>();
  const unique: Ranges[] = [];
  const numbers = new Map<Ranges, number>();
  for (const set of new Set(sets)) {
    const key = set.join(' ');
    const number = byKey.get(key) ?? unique.push(set) - 1;
    byKey.set(key, number);
    numbers.set(set, number);
  }
  return { unique, numbers };
}

/** Says of each stretch between bounds whether a set has it, 1 or 0. */
function forEachStretch(set: Ranges, bounds: Uint32Array, say: (stretch: number, isIn: number) => void): void {
  for (let i = 0, at = 0; i < bounds.length - 1; i++) {
    while (set[at] <= bounds[i]) at++;
    say(i, at & 1);
  }
}

/** The kind of each stretch between bounds: stretches that the same sets have are of one kind. */
function refine(sets: readonly Ranges[], bounds: Uint32Array): { kindAt: Int32Array; kinds: number } {
  const kindAt = new Int32Array(bounds.length - 1);
  let kinds = 1;
  for (const set of sets) {
    const split = new Map<number, number>();
    forEachStretch(set, bounds, (stretch, isIn) => {
      const key = kindAt[stretch] * 2 + isIn;
      const kind = split.get(key) ?? split.size;
      split.set(key, kind);
      kindAt[stretch] = kind;
    });
    kinds = split.size;
  }
  return { kindAt, kinds };
}

/** Kinds by code point, in blocks of which those that are one kind throughout are kept once. */
function paged(bounds: Uint32Array, kindAt: Int32Array): { blocks: Uint16Array; index: Uint16Array } {
  const index = new Uint16Array(CODE_POINTS >> SHIFT);
  const uniform = new Map<number, number>();
  const blocks: number[] = [];
  for (let block = 0, at = 0; block < index.length; block++) {
    const [first, end] = [block * BLOCK, (block + 1) * BLOCK];
    while (bounds[at + 1] <= first) at++;
    const isUniform = bounds[at + 1] >= end;
    const known = isUniform ? uniform.get(kindAt[at]) : undefined;
    index[block] = known ?? blocks.length / BLOCK;
    if (known !== undefined) continue;
    if (isUniform) uniform.set(kindAt[at], index[block]);
    for (let code = first, i = at; code < end; code++) {
      if (code >= bounds[i + 1]) i++;
      blocks.push(kindAt[i]);
    }
  }
  return { blocks: Uint16Array.from(blocks), index };
}
