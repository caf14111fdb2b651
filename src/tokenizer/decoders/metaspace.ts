import { character, type Fields } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';
import { schemeIn } from '../pretokenizers/metaspace.ts';

/** The replacement becomes a space again, and nothing in the first token where it was put before texts. */
export const readMetaspace = (fields: Fields): Decoder => {
  const [replacement, scheme] = [character(fields, 'replacement'), schemeIn(fields)];
  return (tokens) => tokens.map((token, i) => token.replaceAll(replacement, i === 0 && scheme !== 'never' ? '' : ' '));
};
