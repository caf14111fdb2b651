import { TraceletError } from '../../base/error.ts';
import { count, type Fields } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';

/** Pieces of so many characters, but for the last. */
export const readFixedLength = (fields: Fields): PreTokenizer => {
  const length = count(fields, 'length', 5);
  if (length === 0) throw new TraceletError('format', { what: `length of ${fields.name}`, expected: '1 or more', got: '0' });
  return (normalized, start, end, piece) => {
    let begin = start;
    for (let i = start, characters = 0; i < end; ) {
      i += (normalized.text.codePointAt(i) as number) > 0xffff ? 2 : 1;
      if (++characters % length !== 0 && i < end) continue;
      piece(normalized, begin, i);
      begin = i;
    }
  };
};
