import { BYTE_SPACE } from '../bytelevel.ts';
import { isSpace } from '../characters.ts';
import { type Fields, flag } from '../fields.ts';
import type { PostProcessor, Trim } from '../interfaces.ts';
import { NOTHING_ADDED } from './nothing.ts';

const isBlank = (token: string, at: number): boolean => token[at] === BYTE_SPACE || isSpace(token.charCodeAt(at));

/** Offsets leave out spaces, but for a single one that may have been put before a text. */
const trimSpaces =
  (addsSpace: boolean): Trim =>
  (token, isFirst) => {
    let [before, after] = [0, 0];
    while (before < token.length && isBlank(token, before)) before++;
    while (after < token.length && isBlank(token, token.length - 1 - after)) after++;
    return [isFirst && addsSpace && before === 1 ? 0 : before, after];
  };

/** How offsets are trimmed by a processor of byte-level tokens. */
export const trimIn = (fields: Fields): { trim?: Trim } =>
  flag(fields, 'trim_offsets', true) ? { trim: trimSpaces(flag(fields, 'add_prefix_space', true)) } : {};

/** Adds nothing, but may trim offsets. */
export const readByteLevelProcessor = (fields: Fields): (() => PostProcessor) => {
  const processor = { ...NOTHING_ADDED, ...trimIn(fields) };
  return () => processor;
};
