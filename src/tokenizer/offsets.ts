import type { Trim } from './interfaces.ts';

/** What offsets count. */
export type OffsetUnit = 'utf16' | 'codepoint' | 'byte';

const SIZES: Record<Exclude<OffsetUnit, 'utf16'>, (code: number) => number> = {
  codepoint: () => 1,
  byte: (code) => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4),
};

/** A function from indexes of UTF-16 units of `text` to offsets in `unit`. */
export function offsetsIn(unit: OffsetUnit, text: string): (index: number) => number {
  if (unit === 'utf16') return (index) => index;
  const sizeOf = SIZES[unit];
  const offsets = new Uint32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; ) {
    const code = text.codePointAt(i) as number;
    const next = i + (code > 0xffff ? 2 : 1);
    offsets.fill(count, i, next);
    count += sizeOf(code);
    i = next;
  }
  offsets[text.length] = count;
  return (index) => offsets[index];
}

/** UTF-16 units `start` to `end`, in which `token` stands, less the characters that a post-processor leaves out. */
export function trimmed(trim: Trim, token: string, start: number, end: number, isFirst: boolean): [start: number, end: number] {
  const [before, after] = trim(token, isFirst || start === 0);
  const from = Math.min(start + before, end);
  return [from, end >= after ? Math.max(end - after, from) : end];
}
