import { isSpace, isWord } from './characters.ts';

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
  /** In the order of their texts: those with one beginning stand together, the shortest first. */
  readonly #patterns: readonly Pattern[];
  /** From where to where those stand whose texts begin with a unit. */
  readonly #ranges = new Map<number, readonly [low: number, high: number]>();
  /** Finds the next of those units. */
  readonly #begins: RegExp;

  constructor(patterns: readonly Pattern[]) {
    const byText = new Map(patterns.map((pattern) => [pattern.text, pattern]));
    byText.delete('');
    this.#patterns = [...byText.values()].sort((a, b) => (a.text < b.text ? -1 : 1));
    for (const [at, { text }] of this.#patterns.entries()) {
      const unit = text.charCodeAt(0);
      this.#ranges.set(unit, [this.#ranges.get(unit)?.[0] ?? at, at + 1]);
    }
    const units = Array.from(this.#ranges.keys(), (unit) => `\\u${unit.toString(16).padStart(4, '0')}`);
    this.#begins = new RegExp(`[${units.join('')}]`, 'g');
  }

  split(text: string): Stretch[] {
    const stretches: Stretch[] = [];
    let last = 0;
    for (let at = this.#next(text, 0); at >= 0; at = this.#next(text, at)) {
      const found = this.#longest(text, at);
      let start = at;
      at += found?.text.length ?? 1;
      if (!found) continue;
      const { token, id } = found;
      let end = at;
      if (token.single_word && (isWord(codeBefore(text, start)) || isWord(codeAt(text, end)))) continue;
      if (token.rstrip) while (isSpace(text.charCodeAt(end))) end++;
      if (token.lstrip) {
        while (start > last && isSpace(text.charCodeAt(start - 1))) start--;
        start = Math.max(start, last);
        if (start >= end) continue;
      }
      if (last < start) stretches.push({ start: last, end: start });
      stretches.push({ start, end, id });
      last = end;
    }
    if (last < text.length) stretches.push({ start: last, end: text.length });
    return stretches;
  }

  /** Where from `at` on the next pattern may begin, or -1. */
  #next(text: string, at: number): number {
    this.#begins.lastIndex = at;
    return this.#begins.test(text) ? this.#begins.lastIndex - 1 : -1;
  }

  /** The longest pattern that stands at `at`. */
  #longest(text: string, at: number): Pattern | undefined {
    let [low, high] = this.#ranges.get(text.charCodeAt(at)) ?? [0, 0];
    let found: Pattern | undefined;
    for (let length = 1; low < high; length++) {
      const first = this.#patterns[low];
      if (high - low === 1) return text.startsWith(first.text, at) ? first : found;
      if (first.text.length === length) {
        found = first;
        low++;
      }
      const unit = text.charCodeAt(at + length);
      low = this.#firstFrom(unit, length, low, high);
      high = this.#firstFrom(unit + 1, length, low, high);
    }
    return found;
  }

  /** The first pattern from `low` to `high` whose unit at `place` is `unit` or behind it; `high` where none is. */
  #firstFrom(unit: number, place: number, low: number, high: number): number {
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#patterns[middle].text.charCodeAt(place) >= unit) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** The code point at `at`, or NUL, which is no part of a word, outside the text. */
const codeAt = (text: string, at: number): number => text.codePointAt(at) ?? 0;

function codeBefore(text: string, at: number): number {
  const pair = codeAt(text, at - 2);
  return pair > 0xffff ? pair : codeAt(text, at - 1);
}
