import { TraceletError } from '../../base/error.ts';
import { TextDecoder } from '../../base/globals.ts';
import { describe } from '../../base/json.ts';
import { MOST_GROWTH } from '../chars.ts';
import { type Fields, text } from '../fields.ts';
import { utf8Byte, utf8Length } from '../utf8.ts';

/** Rules of sentencepiece: a double array trie over the bytes of what is rewritten, whose values lead to what it becomes. */
export interface Charsmap {
  /** Calls `found` with each rule for what `codes` have at `start`, and where that ends, the shortest first, until it answers false. */
  prefixes(codes: readonly number[], start: number, found: (rule: number, end: number) => boolean): void;
  /** What a rule puts in place of it. */
  textOf(rule: number): readonly number[];
}

/** The field `precompiled_charsmap`, in base64. Throws a `format` error. */
export function readCharsmap(fields: Fields): Charsmap {
  const bytes = decode(fields);
  const view = new DataView(bytes.buffer);
  const units = bytes.length < 4 ? 0 : view.getUint32(0, true) >>> 2;
  const texts = bytes.subarray(4 + 4 * units);
  if (units === 0 || 4 + 4 * units > bytes.length) throw broken(fields, `${bytes.length} bytes`);
  const trie = Uint32Array.from({ length: units }, (_, i) => view.getUint32(4 + 4 * i, true));
  return {
    prefixes(codes, start, found) {
      let node = childrenOf(trie[0]);
      let steps = 0;
      for (let i = start; i < codes.length; i++)
        for (let at = 0, length = utf8Length(codes[i]); at < length; at++) {
          const byte = utf8Byte(codes[i], at, length);
          if (byte === 0) return;
          if (steps++ === LONGEST_RULE) throw broken(fields, `a rule for more than ${LONGEST_RULE} bytes`);
          node ^= byte;
          if ((trie[node] & LABEL) !== byte) return;
          const isLeaf = trie[node] & LEAF;
          node ^= childrenOf(trie[node]);
          if (isLeaf && !found(trie[node] & VALUE, i + 1)) return;
        }
    },
    textOf(start) {
      const end = texts.indexOf(0, start);
      const part = texts.subarray(start, end < 0 ? texts.length : end);
      if (part.length > 4 * MOST_GROWTH) throw broken(fields, `a rule that makes ${part.length} bytes`);
      if (start > texts.length || (part[0] & 0xc0) === 0x80) throw broken(fields, `a rule that leads to byte ${start} of ${texts.length}`);
      return Array.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(part), (one) => one.codePointAt(0) as number);
    },
  };
}

/** Most bytes that a rule looks at. A trie that leads back into itself has no end. */
const LONGEST_RULE = 256;
const LABEL = 0x800000ff | 0;
const LEAF = 0x100;
const WIDE = 0x200;
const VALUE = 0x7fffffff;
const childrenOf = (unit: number): number => (unit >>> 10) << ((unit & WIDE) >>> 6);

function decode(fields: Fields): Uint8Array {
  const map = text(fields, 'precompiled_charsmap');
  try {
    return Uint8Array.from(atob(map), (unit) => unit.charCodeAt(0));
  } catch {
    throw broken(fields, describe(map));
  }
}

const broken = ({ name }: Fields, got: string): TraceletError =>
  new TraceletError('format', { what: `precompiled_charsmap of ${name}`, expected: 'a trie and texts of sentencepiece in base64', got });
