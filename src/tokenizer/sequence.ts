/** The tokens of one text before special tokens are added; `starts` and `ends` index the UTF-16 units of the text, or of the word, that they are of. */
export interface Sequence {
  /** A text, or the words that it was given as. */
  text: string | readonly string[];
  ids: number[];
  tokens: string[];
  starts: number[];
  ends: number[];
  /** For each word the number of its first token. Words are as given, or else pieces of the pre-tokenizer and added tokens. */
  words: number[];
}

export type Side = 'left' | 'right';

export const emptySequence = (text: string | readonly string[]): Sequence => ({
  text,
  ids: [],
  tokens: [],
  starts: [],
  ends: [],
  words: [],
});

/** The number of the word that a token is of. */
export function wordOf({ words }: Sequence, token: number): number {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (words[middle] > token) high = middle;
    else low = middle + 1;
  }
  return low - 1;
}
