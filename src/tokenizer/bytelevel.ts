import { TextDecoder, TextEncoder } from '../base/globals.ts';
import type { Normalized } from './chars.ts';

/**
 * The character that stands for each byte: itself where it can be seen, else one behind U+00FF. As `bytes_to_unicode` of GPT-2 (Radford et al. 2019).
 */
export const BYTE_CHARS: readonly string[] = byteChars();

function byteChars(): string[] {
  const isSeen = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
  let hidden = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isSeen(byte) ? byte : hidden++));
}

/** What a space is written as. */
export const BYTE_SPACE = BYTE_CHARS[0x20];

/** A text from `start` to `end` with a character for each byte of its UTF-8; `cuts` become the places in it that they were in the text. */
export function toByteChars({ text, from }: Normalized, start: number, end: number, cuts: number[] = []): Normalized {
  let written = '';
  const units: number[] = [];
  let cut = 0;
  for (let i = start; i < end; ) {
    while (cuts[cut] === i) cuts[cut++] = units.length;
    const code = text.codePointAt(i) as number;
    const bytes = utf8Length(code);
    for (let byte = 0; byte < bytes; byte++) {
      written += BYTE_CHARS[byteAt(code, byte, bytes)];
      units.push(from[i]);
    }
    i += code > 0xffff ? 2 : 1;
  }
  while (cut < cuts.length) cuts[cut++] = units.length;
  return { text: written, from: units };
}

/** The characters that stand for the bytes of a code point. */
export const byteCharsOf = (code: number): number[] =>
  Array.from({ length: utf8Length(code) }, (_, byte) => BYTE_CHARS[byteAt(code, byte, utf8Length(code))].charCodeAt(0));

/** How many bytes of UTF-8 a code point has. */
export const utf8Length = (code: number): number => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);

const LEADS = [0, 0, 0xc0, 0xe0, 0xf0];

/** A byte of a code point of `bytes` bytes. */
const byteAt = (code: number, at: number, bytes: number): number => {
  const bits = code >> (6 * (bytes - 1 - at));
  return at === 0 ? LEADS[bytes] | bits : 0x80 | (bits & 0x3f);
};

/** The text whose bytes `tokens` are together; U+FFFD for what is none. A token with a character that stands for no byte is read as it is. */
export function fromByteChars(tokens: readonly string[]): string {
  const byChar = new Map(BYTE_CHARS.map((char, byte) => [char, byte]));
  const bytes: number[] = [];
  for (const token of tokens) {
    const read = Array.from(token, (char) => byChar.get(char));
    for (const byte of read.includes(undefined) ? new TextEncoder().encode(token) : (read as number[])) bytes.push(byte);
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}
