import { toByteChars } from '../bytelevel.ts';
import type { Normalized } from '../chars.ts';
import { type Fields, flag } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { type Regex, regexOf } from '../regex/regex.ts';

/** How GPT-2 cuts a text into words (Radford et al. 2019). */
const WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** A text is cut into words, and its characters become those that stand for their bytes. */
export const readByteLevel = (fields: Fields): PreTokenizer => {
  const addsSpace = flag(fields, 'add_prefix_space', true);
  const words = flag(fields, 'use_regex', true) ? regexOf(WORDS, fields.name) : undefined;
  return (whole, start, end, piece) => {
    if (start === end) return;
    const [text, from, to] = addsSpace && whole.text[start] !== ' ' ? spaced(whole, start, end) : ([whole, start, end] as const);
    const cuts = words ? cutsOf(words, text.text, from, to) : [from, to];
    const written = toByteChars(text, from, to, cuts);
    for (let i = 1; i < cuts.length; i++) piece(written, cuts[i - 1], cuts[i]);
  };
};

/** A text from `start` to `end` behind a space. */
function spaced({ text, from }: Normalized, start: number, end: number): [text: Normalized, start: number, end: number] {
  const part = ` ${text.slice(start, end)}`;
  return [{ text: part, from: [from[start], ...from.slice(start, end)] }, 0, part.length];
}

/** Where words begin, and where the last one ends. They leave nothing out. */
function cutsOf(words: Regex, text: string, start: number, end: number): number[] {
  const cuts = [start];
  words.scan(text, start, end, (_, stop) => cuts.push(stop));
  return cuts;
}
