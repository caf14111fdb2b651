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
  const byKey = new Map<string, number>();
  const unique: Ranges[] = [];
  const numbers = sets.map((set) => {
    const key = set.join(' ');
    const number = byKey.get(key) ?? unique.push(set) - 1;
    byKey.set(key, number);
    return number;
  });
  if (unique.length > MOST_SETS)
    throw new TraceletError('unsupported', {
      what,
      expected: `at most ${MOST_SETS} different sets of characters`,
      got: String(unique.length),
    });
  const bounds = Uint32Array.from(new Set([0, ...unique.flat(), CODE_POINTS])).sort();
  const { kindAt, having } = refine(unique, bounds);
  const kinds = having.length;
  if (kinds * unique.length > MOST_MEMBERS || kinds > 0xffff)
    throw new TraceletError('unsupported', { what, expected: 'fewer sets of characters', got: `${unique.length}, of ${kinds} kinds` });
  const members = new Uint8Array(kinds * unique.length);
  for (const [kind, numbers] of having.entries()) for (const number of numbers) members[number * kinds + kind] = 1;
  const places = new Map(sets.map((set, i) => [set, numbers[i] * kinds]));
  return { kinds, members, places, ...paged(bounds, kindAt) };
}

/** The kind of each stretch between bounds, and the sets that have each kind. */
function refine(sets: readonly Ranges[], bounds: Uint32Array): { kindAt: Int32Array; having: number[][] } {
  const stretches = bounds.length - 1;
  const kindAt = new Int32Array(stretches);
  let having: number[][] = [[]];
  for (const [number, set] of sets.entries()) {
    const split = new Map<number, number>();
    const next: number[][] = [];
    for (let i = 0, at = 0; i < stretches; i++) {
      while (at < set.length && set[at] <= bounds[i]) at++;
      const key = kindAt[i] * 2 + (at & 1);
      let kind = split.get(key);
      if (kind === undefined) {
        kind = next.push(at & 1 ? [...having[kindAt[i]], number] : having[kindAt[i]]) - 1;
        split.set(key, kind);
      }
      kindAt[i] = kind;
    }
    having = next;
  }
  return { kindAt, having };
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
