import { character, type Fields } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { splitAt } from './behavior.ts';

/** What stands between a character. */
export const readCharDelimiterSplit = (fields: Fields): PreTokenizer => {
  const delimiter = character(fields, 'delimiter').codePointAt(0);
  return splitAt((code) => code === delimiter, 'Removed');
};
