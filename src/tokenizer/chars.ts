import { TraceletError } from '../base/error.ts';

/** Code points of a text, each with the index in the original text of the character it stands for; one more where each ends as the next begins. */
export interface Chars {
  code: number[];
  from: number[];
}

/** A text, and for each of its UTF-16 units the index in the original text of the character it stands for; one more alike. */
export interface Normalized {
  text: string;
  from: readonly number[];
}

const REPLACEMENT = 0xfffd;

const isSurrogate = (code: number): boolean => code >= 0xd800 && code < 0xe000;

/** The characters of `text` from `start` to `end`. A lone surrogate is read as U+FFFD, which is what UTF-8 makes of it. */
export function read(text: string, start: number, end: number): Chars {
  const code = new Array<number>(end - start);
  const from = new Array<number>(end - start);
  let count = 0;
  for (let i = start; i < end; count++) {
    const c = text.codePointAt(i) as number;
    code[count] = isSurrogate(c) ? REPLACEMENT : c;
    from[count] = i;
    i += c > 0xffff ? 2 : 1;
  }
  code.length = from.length = count;
  return { code, from };
}

/** How many characters one may become: more than any normalizer in use makes of one. */
export const MOST_GROWTH = 128;

/** Throws a `config` error where a character became too many: parts of a file that feed one another grow texts without end. */
export function proveGrowth(from: readonly number[]): void {
  for (let i = MOST_GROWTH; i < from.length; i++)
    if (from[i] === from[i - MOST_GROWTH])
      throw new TraceletError('config', {
        what: 'tokenizer.json',
        expected: `parts that make at most ${MOST_GROWTH} characters of one`,
        got: 'more',
      });
}

const AT_ONCE = 4096;

export function write({ code, from }: Chars): Normalized {
  let text = '';
  if (code.length <= AT_ONCE) text = String.fromCodePoint(...code);
  else for (let i = 0; i < code.length; i += AT_ONCE) text += String.fromCodePoint(...code.slice(i, i + AT_ONCE));
  if (text.length === code.length) return { text, from };
  const units: number[] = [];
  for (let i = 0; i < code.length; i++) {
    units.push(from[i]);
    if (code[i] > 0xffff) units.push(from[i]);
  }
  if (from.length > code.length) units.push(from[code.length]);
  return { text, from: units };
}

/** The characters that are wanted. */
export function keep(chars: Chars, isWanted: (code: number) => boolean): Chars {
  const { code, from } = chars;
  let kept = 0;
  for (let i = 0; i < code.length; i++) {
    if (!isWanted(code[i])) continue;
    code[kept] = code[i];
    from[kept++] = from[i];
  }
  code.length = from.length = kept;
  return chars;
}

/** Every character replaced by `map`'s answer, or kept where it has none. */
export function flatMap(chars: Chars, map: (code: number) => readonly number[] | undefined): Chars {
  const code: number[] = [];
  const from: number[] = [];
  for (let i = 0; i < chars.code.length; i++)
    for (const part of map(chars.code[i]) ?? [chars.code[i]]) {
      code.push(part);
      from.push(chars.from[i]);
    }
  return { code, from };
}

/**
 * `codes` in place of `chars`, aligned by what each changes: 0 takes the place of the next character, 1 is inserted behind it, and -n takes the
 * place of the next and of n more. As `transform` of the Rust tokenizers.
 */
export function transform({ from }: Chars, codes: number[], changes: readonly number[]): Chars {
  let next = 0;
  const aligned = changes.map((change) => {
    if (change > 0) return from[Math.max(0, next - 1)];
    const at = from[Math.min(next, from.length - 1)];
    next += 1 - change;
    return at;
  });
  return { code: codes, from: aligned };
}

/** Appends the characters of `text` from `start` to `end`. */
export function append({ code, from }: Chars, { text, from: units }: Normalized, start: number, end: number): void {
  for (let i = start; i < end; ) {
    const c = text.codePointAt(i) as number;
    code.push(c);
    from.push(units[i]);
    i += c > 0xffff ? 2 : 1;
  }
}
