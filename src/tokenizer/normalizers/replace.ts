import { append, type Chars, write } from '../chars.ts';
import { type Fields, shortText } from '../fields.ts';
import type { Normalizer } from '../interfaces.ts';
import { patternOf } from '../pattern.ts';

/** What a pattern matches becomes `content`, which stands where the last character of the match stood. */
export const readReplace = (fields: Fields): Normalizer => {
  const [pattern, content] = [patternOf(fields), shortText(fields, 'content')];
  const codes = Array.from(content, (part) => part.codePointAt(0) as number);
  return (chars) => {
    if (chars.code.length === 0) return chars;
    const whole = write(chars);
    const out: Chars = { code: [], from: [] };
    let done = -1;
    pattern.scan(whole.text, 0, whole.text.length, (start, stop) => {
      append(out, whole, Math.max(0, done), start);
      done = stop;
      for (const code of codes) {
        out.code.push(code);
        out.from.push(whole.from[Math.max(0, stop - 1)]);
      }
    });
    if (done < 0) return chars;
    append(out, whole, done, whole.text.length);
    return out;
  };
};
