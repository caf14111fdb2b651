import { characters, isWord, SPACE } from './characters.ts';

/** A token recognised whole wherever it stands in a text, as Hugging Face's `AddedToken`. */
export interface AddedToken {
  content: string;
  /** Its id; one behind the vocabulary where that lacks the token and no id is given. */
  id?: number;
  /** Only where no word character touches it. */
  single_word?: boolean;
  /** Takes in the whitespace before it. */
  lstrip?: boolean;
  /** Takes in the whitespace after it. */
  rstrip?: boolean;
  /** Looked for in the normalized text rather than in the text as given. Default: the opposite of `special`. */
  normalized?: boolean;
  /** Skipped by `decode(…, { skip_special_tokens: true })`. */
  special?: boolean;
}

/** An added token with its id, and the text that stands for it. */
export interface Pattern {
  text: string;
  id: number;
  token: AddedToken;
}

/** A stretch of a text: an added token, or what lies between two. */
export interface Stretch {
  start: number;
  end: number;
  id?: number;
}

/** Finds added tokens from left to right, the longest first, as `AddedVocabulary` of the Rust tokenizers. */
export class AddedTokens {
  readonly #patterns = new Map<string, Pattern>();
  readonly #regex: RegExp | undefined;

  constructor(patterns: readonly Pattern[]) {
    for (const pattern of patterns) if (pattern.text) this.#patterns.set(pattern.text, pattern);
    const texts = [...this.#patterns.keys()].sort((a, b) => b.length - a.length);
    if (texts.length) this.#regex = new RegExp(texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'g');
  }

  split(text: string): Stretch[] {
    const stretches: Stretch[] = [];
    let last = 0;
    for (const match of this.#regex ? text.matchAll(this.#regex) : []) {
      const { token, id } = this.#patterns.get(match[0]) as Pattern;
      let start = match.index;
      let end = start + match[0].length;
      if (token.single_word && (isWord(codeBefore(text, start)) || isWord(codeAt(text, end)))) continue;
      if (token.lstrip) while (start > last && isSpace(text, start - 1)) start--;
      if (token.rstrip) while (isSpace(text, end)) end++;
      if (last < start) stretches.push({ start: last, end: start });
      stretches.push({ start, end, id });
      last = end;
    }
    if (last < text.length) stretches.push({ start: last, end: text.length });
    return stretches;
  }
}

const isSpace = (text: string, at: number): boolean => (characters().flags[text.charCodeAt(at)] & SPACE) !== 0;

/** The code point at `at`, or NUL, which is no part of a word, outside the text. */
const codeAt = (text: string, at: number): number => text.codePointAt(at) ?? 0;

function codeBefore(text: string, at: number): number {
  const pair = codeAt(text, at - 2);
  return pair > 0xffff ? pair : codeAt(text, at - 1);
}
