import { characters, flagged, SPACE } from '../characters.ts';
import { keep } from '../chars.ts';
import { type Fields, flag } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { COMBINING } from '../unicode.ts';

/** Whitespace goes at either end. */
export const readStrip = (fields: Fields): Normalizer => {
  const [left, right] = [flag(fields, 'strip_left', true), flag(fields, 'strip_right', true)];
  return ({ code, from }) => {
    const { flags } = characters();
    let [start, end] = [0, code.length];
    if (left) while (start < end && flags[code[start]] & SPACE) start++;
    if (right) while (start < end && flags[code[end - 1]] & SPACE) end--;
    return { code: code.slice(start, end), from: from.slice(start, end) };
  };
};

let combining: Uint8Array | undefined;

/** Combining marks go. */
export const stripAccents: Normalizer = (chars) => {
  combining ??= flagged([[COMBINING, 1]]);
  const marks = combining;
  return keep(chars, (c) => marks[c] === 0);
};
