import { characters, PUNCTUATION, SPACE } from '../characters.ts';
import type { PreTokenizer } from '../interfaces.ts';

/** Words between whitespace, and each punctuation character by itself, as Hugging Face's `BertPreTokenizer` splits. */
export const bertPreTokenizer: PreTokenizer = (normalized, start, end, piece) => {
  const { flags } = characters();
  const { text } = normalized;
  let begin = start;
  for (let i = start; i < end; ) {
    const code = text.codePointAt(i) as number;
    const next = i + (code > 0xffff ? 2 : 1);
    if (flags[code] & (SPACE | PUNCTUATION)) {
      if (begin < i) piece(normalized, begin, i);
      if (flags[code] & PUNCTUATION) piece(normalized, i, next);
      begin = next;
    }
    i = next;
  }
  if (begin < end) piece(normalized, begin, end);
};
