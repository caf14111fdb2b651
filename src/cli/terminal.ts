const PLAIN = /^[\x20-\x7e]*$/;
/** Characters that take two columns, half-width letters of Japan and Korea left out, and those that take none beside others. */
const WIDE =
  /(?![\uff61-\uffdc])[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;
const BARE = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;

let segmenter: Intl.Segmenter | undefined;

/** What a reader takes for a character, each with the columns that it takes. */
function* charactersOf(text: string): Generator<readonly [character: string, columns: number]> {
  segmenter ??= new Intl.Segmenter();
  for (const { segment } of segmenter.segment(text)) yield [segment, WIDE.test(segment) ? 2 : BARE.test(segment) ? 0 : 1];
}

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const [, own] of charactersOf(text)) columns += own;
  return columns;
}

/** `text` cut to so many columns, control characters as spaces. */
export function cut(text: string, columns: number): string {
  let [kept, whole, at] = ['', '', 0];
  for (const [character, own] of charactersOf(text.replaceAll(/\p{Cc}/gu, ' '))) {
    at += own;
    whole += character;
    if (at > columns) return `${kept}…`;
    if (at < columns) kept = whole;
  }
  return whole;
}

/** Columns of a line on stdout; where it is no terminal, as many as a wide one has. */
export const lineColumns = (): number => process.stdout.columns || 120;
