import type { Alphabet } from './alphabet.ts';

/** The kind of the character `code`. */
export const kindOf = (code: number, blocks: Uint16Array, index: Uint16Array): number => blocks[(index[code >> 7] << 7) | (code & 127)];

/** How many units `code` takes. */
export const widthOf = (code: number): number => (code > 0xffff ? 2 : 1);

/** The character that ends at `at`; it begins at `begin` or behind it. */
export function codeBefore(text: string, at: number, begin: number): number {
  const last = text.charCodeAt(at - 1);
  if ((last & 0xfc00) !== 0xdc00 || at - 2 < begin) return last;
  const code = text.codePointAt(at - 2) as number;
  return code > 0xffff ? code : last;
}

/** Where the character at `at` ends, if it is of a set; or -1. */
export function endIn(text: string, at: number, set: number, { blocks, index, members }: Alphabet): number {
  const unit = text.charCodeAt(at);
  if (unit < 128) return members[set + blocks[unit]] === 0 ? -1 : at + 1;
  if ((unit & 0xfc00) !== 0xd800) return members[set + kindOf(unit, blocks, index)] === 0 ? -1 : at + 1;
  const code = text.codePointAt(at) as number;
  return members[set + kindOf(code, blocks, index)] === 0 ? -1 : at + widthOf(code);
}
