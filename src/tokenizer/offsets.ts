import type { Trim } from './interfaces.ts';
import { type Sequence, wordOf } from './sequence.ts';
import { utf8Length } from './utf8.ts';

/** What offsets count. */
export type OffsetUnit = 'utf16' | 'codepoint' | 'byte';

/** Where a token stands in its text: start and end, `[0, 0]` for tokens that were added. */
export type Offset = [start: number, end: number];

const SIZES: Record<Exclude<OffsetUnit, 'utf16'>, (code: number) => number> = {
  codepoint: () => 1,
  byte: utf8Length,
};

/** A function from indexes of UTF-16 units of `text` to offsets in `unit`. */
export function offsetsIn(unit: OffsetUnit, text: string): (index: number) => number {
  if (unit === 'utf16') return (index) => index;
  const sizeOf = SIZES[unit];
  const offsets = new Uint32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) as number;
    const next = i + (code > 0xffff ? 2 : 1);
    offsets.fill(count, i, next);
    count += sizeOf(code);
    i = next;
  }
  offsets[text.length] = count;
  return (index) => offsets[index];
}

/** The offsets of a token by its number, and by whether it is the first of its text in a row. */
export type OffsetOf = (token: number, isFirst: boolean) => Offset;

/** Offsets in the text of `sequence`, or in the word that a token is of. Each text is looked at once, when it is first asked for. */
export function offsetsOf(sequence: Sequence, unit: OffsetUnit, trim: Trim | undefined): OffsetOf {
  const { text, tokens, starts, ends } = sequence;
  const textOf = (word: number) => (typeof text === 'string' ? text : text[word]);
  let converters: Map<number, (index: number) => number> | undefined;
  const converterOf = (word: number) => {
    converters ??= new Map();
    const converter = converters.get(word) ?? offsetsIn(unit, textOf(word));
    converters.set(word, converter);
    return converter;
  };
  return (token, isFirst) => {
    const [start, end] = [starts[token], ends[token]];
    const word = typeof text === 'string' ? 0 : wordOf(sequence, token);
    const [from, to] = trim ? trim(tokens[token], textOf(word), start, end, isFirst) : [start, end];
    if (unit === 'utf16') return [from, to];
    const convert = converterOf(word);
    return [convert(from), convert(to)];
  };
}
