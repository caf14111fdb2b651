/** How many bytes of UTF-8 a code point has. */
export const utf8Length = (code: number): number => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);

const LEADS = [0, 0, 0xc0, 0xe0, 0xf0];

/** A byte of a code point of `length` bytes. */
export function utf8Byte(code: number, at: number, length: number): number {
  const bits = code >> (6 * (length - 1 - at));
  return at === 0 ? LEADS[length] | bits : 0x80 | (bits & 0x3f);
}
