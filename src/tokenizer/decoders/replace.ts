import { type Fields, text } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';
import { patternOf } from '../pattern.ts';

export const readReplace = (fields: Fields): Decoder => {
  const [pattern, content] = [patternOf(fields), text(fields, 'content')];
  return (tokens) => tokens.map((token) => token.replaceAll(pattern, () => content));
};
