import { type Fields, text } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';

/** What ends a word becomes a space, and nothing at the end. */
export const readBPEDecoder = (fields: Fields): Decoder => {
  const suffix = text(fields, 'suffix', '</w>');
  return (tokens) => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '));
};
