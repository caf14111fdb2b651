import { characters, PUNCTUATION } from '../characters.ts';
import type { Fields } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { behaviorIn, splitAt } from './behavior.ts';

export const readPunctuation = (fields: Fields): PreTokenizer =>
  splitAt((code) => (characters().flags[code] & PUNCTUATION) !== 0, behaviorIn(fields, 'Isolated'));
