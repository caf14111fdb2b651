import { read } from '../chars.ts';
import { type Fields, shortText } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';

/** A text that is not empty begins with another, which stands where its first character stands. */
export const readPrepend = (fields: Fields): Normalizer => {
  const before = shortText(fields, 'prepend');
  const { code: codes } = read(before, 0, before.length);
  return (chars) => {
    if (chars.code.length === 0) return chars;
    return { code: codes.concat(chars.code), from: codes.map(() => chars.from[0]).concat(chars.from) };
  };
};
