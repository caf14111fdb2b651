import { characters, PUNCTUATION, SPACE } from './characters.ts';
import { NO_PREFIX, type Prefix, prefixOf } from './lookup.ts';
import type { Vocab } from './vocab.ts';

/** Calls `word` with the bounds of each word of `text` from `start` to `end`, as Hugging Face's `BertPreTokenizer` splits. */
export function splitWords(text: string, start: number, end: number, word: (start: number, end: number) => void): void {
  const { flags } = characters();
  let begin = start;
  for (let i = start; i < end; ) {
    const code = text.codePointAt(i) as number;
    const next = i + (code > 0xffff ? 2 : 1);
    if (flags[code] & (SPACE | PUNCTUATION)) {
      if (begin < i) word(begin, i);
      if (flags[code] & PUNCTUATION) word(i, next);
      begin = next;
    }
    i = next;
  }
  if (begin < end) word(begin, end);
}

/** Greedy longest match of vocabulary entries, as Hugging Face's `WordPiece` model. */
export class WordPiece {
  readonly #vocab: Vocab;
  /** What pieces within a word begin with. */
  readonly #prefix: Prefix;
  readonly #maxChars: number;

  constructor(vocab: Vocab, prefix: string, maxChars: number) {
    this.#vocab = vocab;
    this.#prefix = prefixOf(prefix);
    this.#maxChars = maxChars;
  }

  /**
   * Calls `piece` with the id and the bounds of each piece of the word of `text` from `start` to `end`. Answers false,
   * without a call, where the word is longer than the limit in code points or has no cover: it is unknown.
   */
  match(text: string, start: number, end: number, piece: (id: number, start: number, end: number) => void): boolean {
    if (end - start > this.#maxChars && countChars(text, start, end) > this.#maxChars) return false;
    const { tokens, lookup } = this.#vocab;
    const found: number[] = [];
    for (let at = start; at < end; ) {
      const prefix = at === start ? NO_PREFIX : this.#prefix;
      const id = lookup.longest(text, at, end, prefix);
      if (id < 0) return false;
      found.push(id);
      at += (tokens[id] as string).length - prefix.text.length;
    }
    let at = start;
    for (const id of found) {
      const stop = at + (tokens[id] as string).length - (at === start ? 0 : this.#prefix.text.length);
      piece(id, at, stop);
      at = stop;
    }
    return true;
  }
}

function countChars(text: string, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; count++) i += (text.codePointAt(i) as number) > 0xffff ? 2 : 1;
  return count;
}
