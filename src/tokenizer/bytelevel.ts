import { TextDecoder, TextEncoder } from '../base/globals.ts';
import { type Normalized, write } from './chars.ts';
import { utf8Byte, utf8Length } from './utf8.ts';

/**
 * The character that stands for each byte: itself where it can be seen, else one behind U+00FF. As `bytes_to_unicode` of GPT-2 (Radford et al. 2019).
 */
export const BYTE_CHARS: readonly string[] = byteChars();

function byteChars(): string[] {
  const isSeen = (byte: number): boolean => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
  let hidden = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isSeen(byte) ? byte : hidden++));
}

const BYTE_CODES = BYTE_CHARS.map((char) => char.charCodeAt(0));

/** What a space is written as. */
export const BYTE_SPACE = BYTE_CHARS[0x20];

/** A text from `start` to `end` with a character for each byte of its UTF-8; `cuts` become the places in it that they were in the text. */
export function toByteChars({ text, from }: Normalized, start: number, end: number, cuts: number[] = []): Normalized {
  const [codes, units]: [number[], number[]] = [[], []];
  let cut = 0;
  for (let i = start; i < end; ) {
    while (cuts[cut] === i) cuts[cut++] = codes.length;
    const code = text.codePointAt(i) as number;
    const bytes = utf8Length(code);
    for (let byte = 0; byte < bytes; byte++) {
      codes.push(BYTE_CODES[utf8Byte(code, byte, bytes)]);
      units.push(from[i]);
    }
    i += code > 0xffff ? 2 : 1;
  }
  while (cut < cuts.length) cuts[cut++] = codes.length;
  return write({ code: codes, from: units });
}

/** The characters that stand for the bytes of a code point. */
export const byteCharsOf = (code: number): number[] =>
  Array.from({ length: utf8Length(code) }, (_, byte) => BYTE_CODES[utf8Byte(code, byte, utf8Length(code))]);

let byChar: ReadonlyMap<string, number> | undefined;

/** The text whose bytes `tokens` are together; U+FFFD for what is none. A token with a character that stands for no byte is read as it is. */
export function fromByteChars(tokens: readonly string[]): string {
  byChar ??= new Map(BYTE_CHARS.map((char, byte) => [char, byte]));
  const known = byChar;
  const bytes: number[] = [];
  for (const token of tokens) {
    const read = Array.from(token, (char) => known.get(char));
    for (const byte of read.includes(undefined) ? new TextEncoder().encode(token) : (read as number[])) bytes.push(byte);
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}
