import { character, count, type Fields } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';

/** At most `start` and `stop` times a character goes at either end of each token. */
export const readStrip = (fields: Fields): Decoder => {
  const [content, start, stop] = [character(fields, 'content'), count(fields, 'start'), count(fields, 'stop')];
  return (tokens) =>
    tokens.map((token) => {
      let [from, to] = [0, token.length];
      for (let i = 0; i < start && token.startsWith(content, from); i++) from += content.length;
      for (let i = 0; i < stop && to > from && token.endsWith(content, to); i++) to -= content.length;
      return token.slice(from, to);
    });
};
