import type { Alphabet } from './alphabet.ts';

/** Instructions; what follows each in the code is in its comment. `next` is where to go on. */
export const MATCH = 0;
export const FAIL = 1;
/** set, next: takes a character. */
export const SET = 2;
/** set, next: takes the character before. */
export const BACK = 3;
/** set, next, min, max, mode: takes characters while it can. */
export const RUN = 4;
/** first, second: tries one, then the other. */
export const SPLIT = 5;
/** first, second, slot, surroundings: the same, remembered. */
export const SPLIT_ONCE = 6;
/** table: goes on by the kind of the next character. */
export const DISPATCH = 7;
/** set, next, negative: looks at the next character. */
export const AHEAD = 8;
/** set, next, negative: looks at the character before. */
export const BEHIND = 9;
/** entry, next, negative, slot: looks around; what is found may be remembered. */
export const LOOK = 10;
/** place, next */
export const AT = 11;
/** entry, register: what is taken up to the CUT of the register is not tried again. The next register is taken too. */
export const ATOMIC = 12;
/** register, next */
export const CUT = 13;
/** register, next: keeps where a turn of a loop begins. */
export const MARK = 14;
/** register, again, next: leaves a loop after a turn that has taken nothing. */
export const CHECK = 15;

/** How a RUN goes. */
export const [POSSESSIVE, GREEDY, LAZY] = [0, 1, 2] as const;

/** Registers of what is around an instruction. */
export interface Surroundings {
  /** Those of loops whose turns may be left empty. */
  readonly loops: readonly number[];
  /** Those of atomic groups, from the inside out. */
  readonly atomics: readonly number[];
}

/** What a matcher runs. */
export interface Program {
  readonly alphabet: Alphabet;
  readonly code: Int32Array;
  readonly entry: number;
  /** Where each kind of character leads, by table; behind the kinds, the end of the text. */
  readonly tables: Int32Array;
  readonly registers: number;
  /** What SPLIT_ONCE and LOOK remember for each place of a text. */
  readonly slots: number;
  /** What surrounds each SPLIT_ONCE. */
  readonly surroundings: readonly Surroundings[];
  /** By kind, and then for the end of the text: whether a match may begin so; all may where it is undefined. */
  readonly starts: Uint8Array | undefined;
  /** The set of word characters in the alphabet. */
  readonly words: number;
}
