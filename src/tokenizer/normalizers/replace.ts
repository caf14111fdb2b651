import { append, type Chars, write } from '../chars.ts';
import { type Fields, text } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { patternOf } from '../pattern.ts';

/** What a pattern matches becomes `content`, which stands where the last character of the match stood. */
export const readReplace = (fields: Fields): Normalizer => {
  const [pattern, content] = [patternOf(fields), text(fields, 'content')];
  return (chars) => {
    const whole = write(chars);
    const out: Chars = { code: [], from: [] };
    let done = 0;
    for (const { 0: match, index } of whole.text.matchAll(pattern)) {
      append(out, whole, done, index);
      done = index + match.length;
      for (const part of content) {
        out.code.push(part.codePointAt(0) as number);
        out.from.push(whole.from[done - 1]);
      }
    }
    if (done === 0) return chars;
    append(out, whole, done, whole.text.length);
    return out;
  };
};
