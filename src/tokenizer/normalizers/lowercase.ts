import { characters, LOWERS } from '../characters.ts';
import { flatMap } from '../chars.ts';
import type { Normalizer } from '../interfaces.ts';

export const lowercase: Normalizer = (chars) => {
  const { flags, lowers } = characters();
  const { code } = chars;
  let isLonger = false;
  for (let i = 0; i < code.length; i++) {
    if (!(flags[code[i]] & LOWERS)) continue;
    const lower = lowers.get(code[i]) as readonly number[];
    if (lower.length > 1) isLonger = true;
    else code[i] = lower[0];
  }
  return isLonger ? flatMap(chars, (c) => (flags[c] & LOWERS ? lowers.get(c) : undefined)) : chars;
};
