import type { PreTokenizer } from '../interfaces.ts';
import { numbers } from '../packed.ts';
import { GROUPS } from './tables.ts';

let known: Uint8Array | undefined;

/** The group of scripts of each code point, counted from 1; 0 goes with any. */
function groups(): Uint8Array {
  known ??= decode();
  return known;
}

function decode(): Uint8Array {
  const values = new Uint8Array(0x110000);
  const next = numbers(GROUPS);
  for (let code = 0, gap = next(); gap >= 0; gap = next()) {
    code += gap;
    const end = code + next();
    values.fill(next() + 1, code, end);
    code = end;
  }
  return values;
}

/** Pieces of one script, Han and kana together. What goes with any script joins the piece before it, and goes where there is none. */
export const unicodeScripts: PreTokenizer = (normalized, start, end, piece) => {
  const table = groups();
  let begin = -1;
  let group = 0;
  for (let i = start; i < end; ) {
    const code = normalized.text.codePointAt(i) as number;
    const next = table[code];
    if (next !== 0 && next !== group) {
      if (begin >= 0) piece(normalized, begin, i);
      begin = i;
      group = next;
    }
    i += code > 0xffff ? 2 : 1;
  }
  if (begin >= 0) piece(normalized, begin, end);
};
