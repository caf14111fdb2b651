import { keep } from '../chars.ts';
import type { Normalizer } from '../interfaces.ts';

type Stretches = readonly (readonly [first: number, last: number])[];

const DROPPED: Stretches = [
  [0x01, 0x08],
  [0x0b, 0x0b],
  [0x0e, 0x1f],
  [0x7f, 0x7f],
  [0x8f, 0x8f],
  [0x9f, 0x9f],
];

const SPACES: Stretches = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x1680, 0x1680],
  [0x200b, 0x200f],
  [0x2028, 0x2029],
  [0x2581, 0x2581],
  [0xfeff, 0xfeff],
  [0xfffd, 0xfffd],
];

const isIn = (stretches: Stretches, code: number): boolean => stretches.some(([first, last]) => code >= first && code <= last);

/** Controls go, and what is blank becomes a space, as in neural machine translation by sentencepiece. */
export const nmt: Normalizer = (chars) => {
  const kept = keep(chars, (code) => !isIn(DROPPED, code));
  const { code } = kept;
  for (let i = 0; i < code.length; i++) if (isIn(SPACES, code[i])) code[i] = 0x20;
  return kept;
};
