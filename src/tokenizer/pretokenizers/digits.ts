import { flagged } from '../characters.ts';
import { type Fields, flag } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import { splitAt } from './behavior.ts';
import { NUMERIC } from './tables.ts';

let numeric: Uint8Array | undefined;

function isNumeric(code: number): boolean {
  numeric ??= flagged([[NUMERIC, 1]]);
  return numeric[code] === 1;
}

/** Numbers apart from other text, and their digits apart from each other where that is wanted. */
export const readDigits = (fields: Fields): PreTokenizer =>
  splitAt(isNumeric, flag(fields, 'individual_digits') ? 'Isolated' : 'Contiguous');
