import type { Regex } from '../../src/tokenizer/regex/regex.ts';

/** Starts and ends of what `regex` matches from `begin` to `end`, in UTF-16 units. */
export function scanned(regex: Regex, text: string, begin = 0, end = text.length): number[] {
  const found: number[] = [];
  regex.scan(text, begin, end, (start, stop) => found.push(start, stop));
  return found;
}

/** The same in code points. */
export function scannedPoints(regex: Regex, text: string): number[] {
  const points = new Map<number, number>();
  let [unit, point] = [0, 0];
  for (const character of text) {
    points.set(unit, point++);
    unit += character.length;
  }
  points.set(unit, point);
  return scanned(regex, text).map((at) => points.get(at) as number);
}
