import { type Fields, text } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';
import { patternOf } from '../pattern.ts';

/** What a pattern matches in a token becomes `content`. */
export const readReplace = (fields: Fields): Decoder => {
  const [pattern, content] = [patternOf(fields), text(fields, 'content')];
  const replaced = (token: string): string => {
    let done = 0;
    let out = '';
    pattern.scan(token, 0, token.length, (start, stop) => {
      out += token.slice(done, start) + content;
      done = stop;
    });
    return out + token.slice(done);
  };
  return (tokens) => tokens.map((token) => token && replaced(token));
};
