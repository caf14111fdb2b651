import type { Alphabet } from './alphabet.ts';
import * as op from './program.ts';

/** Most instructions that are looked at, and most kinds of characters in all of them. */
const [MOST, MOST_KINDS] = [64, 2 ** 14];

/** Which instructions follow at once from one that takes no character. */
const FOLLOWING: Readonly<Record<number, readonly number[]>> = {
  [op.SPLIT]: [1, 2],
  [op.AHEAD]: [2],
  [op.BEHIND]: [2],
  [op.LOOK]: [2],
  [op.AT]: [2],
  [op.ATOMIC]: [1],
  [op.CUT]: [2],
  [op.MARK]: [2],
  [op.CHECK]: [2, 3],
};

/**
 * The kinds of characters that what begins at `pc` may begin with, if that is not any; `alternatives` are those of each DISPATCH. What stands
 * behind the end of an atomic group counts only if `beyond`: a group that matches is left, whatever follows.
 */
export function firstKinds(
  code: readonly number[],
  pc: number,
  { kinds, members }: Alphabet,
  alternatives: ReadonlyMap<number, readonly number[]>,
  beyond: boolean,
): Uint8Array | undefined {
  const first = new Uint8Array(kinds + 1);
  const seen = new Set([pc]);
  for (const at of seen) {
    if (at < 0 || seen.size > MOST || seen.size * kinds > MOST_KINDS) return undefined;
    const name = code[at];
    if (name === op.MATCH || name === op.BACK || (name === op.CUT && !beyond)) return undefined;
    if (name === op.SET || name === op.RUN) for (let kind = 0; kind < kinds; kind++) first[kind] |= members[code[at + 1] + kind];
    if (name === op.RUN && code[at + 3] === 0) seen.add(code[at + 2]);
    for (const place of FOLLOWING[name] ?? []) seen.add(code[at + place]);
    for (const other of alternatives.get(at) ?? []) seen.add(other);
  }
  return first;
}
