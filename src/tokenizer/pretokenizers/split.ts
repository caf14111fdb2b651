import { type Fields, flag } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { patternOf } from '../pattern.ts';
import { behaviorIn, splitBy } from './behavior.ts';

export const readSplit = (fields: Fields): PreTokenizer => splitBy(patternOf(fields), behaviorIn(fields), flag(fields, 'invert'));
