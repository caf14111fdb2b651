import { isSpace, isWord } from '../characters.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { splitAt } from './behavior.ts';

/** Words between whitespace. */
export const whitespaceSplit = splitAt(isSpace, 'Removed');

const [BLANK, WORD, OTHER] = [0, 1, 2];

/** Words and runs of other characters between whitespace, as `\w+|[^\w\s]+` finds them. */
export const whitespace: PreTokenizer = (normalized, start, end, piece) => {
  let begin = start;
  let before = BLANK;
  for (let i = start; i < end; ) {
    const code = normalized.text.codePointAt(i) as number;
    const kind = isWord(code) ? WORD : isSpace(code) ? BLANK : OTHER;
    if (kind !== before) {
      if (before !== BLANK) piece(normalized, begin, i);
      begin = i;
      before = kind;
    }
    i += code > 0xffff ? 2 : 1;
  }
  if (before !== BLANK) piece(normalized, begin, end);
};
