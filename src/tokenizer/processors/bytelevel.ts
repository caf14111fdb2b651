import { BYTE_SPACE } from '../bytelevel.ts';
import { isSpace } from '../characters.ts';
import { type Fields, flag } from '../fields.ts';
import type { PostProcessor, Trim } from '../interfaces.ts';
import { NOTHING_ADDED } from './nothing.ts';

const isBlank = (token: string, at: number): boolean => token[at] === BYTE_SPACE || isSpace(token.charCodeAt(at));

/** Where one stands `count` characters on from unit `at`. */
function onward(text: string, at: number, count: number): number {
  let unit = at;
  for (let left = count; left > 0; left--) unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1;
  return unit;
}

/** Where one stands `count` characters back from unit `at`, below 0 where there are fewer. */
function back(text: string, at: number, count: number): number {
  let unit = at;
  for (let left = count; left > 0; left--) unit -= (text.codePointAt(unit - 2) ?? 0) > 0xffff ? 2 : 1;
  return unit;
}

/** Offsets leave out as many characters as a token has spaces, but for a single one that may have been put before a text. */
const trimSpaces =
  (addsSpace: boolean): Trim =>
  (token, text, start, end, isFirst) => {
    let [before, after] = [0, 0];
    while (before < token.length && isBlank(token, before)) before++;
    while (after < token.length && isBlank(token, token.length - 1 - after)) after++;
    if ((isFirst || start === 0) && addsSpace && before === 1) before = 0;
    const from = Math.min(onward(text, start, before), end);
    const to = back(text, end, after);
    return [from, to < 0 ? end : Math.max(to, from)];
  };

/** How offsets are trimmed by a processor of byte-level tokens. */
export const trimIn = (fields: Fields): { trim?: Trim } =>
  flag(fields, 'trim_offsets', true) ? { trim: trimSpaces(flag(fields, 'add_prefix_space', true)) } : {};

/** Adds nothing, but may trim offsets. */
export const readByteLevelProcessor = (fields: Fields): (() => PostProcessor) => {
  const processor = { ...NOTHING_ADDED, ...trimIn(fields) };
  return () => processor;
};
