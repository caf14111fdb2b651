import { oneOf } from '../../base/schema.ts';
import type { Normalized } from '../chars.ts';
import { type Fields, field } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';
import type { Regex } from '../regex/regex.ts';

const BEHAVIORS = ['Removed', 'Isolated', 'Contiguous', 'MergedWithPrevious', 'MergedWithNext'] as const;

/** What becomes of the delimiters that a text is split at. */
export type Behavior = (typeof BEHAVIORS)[number];

/** The behavior that a part names; `instead` where it names none. */
export const behaviorIn = (fields: Fields, instead?: Behavior): Behavior => field(fields, 'behavior', oneOf(BEHAVIORS), instead);

/** Whether what goes before and what comes after are one piece, by whether each of the two is a delimiter. */
const JOINS: Record<Behavior, (before: boolean, after: boolean) => boolean> = {
  Removed: () => false,
  Isolated: () => false,
  Contiguous: (before, after) => before === after,
  MergedWithPrevious: (before, after) => !before && after,
  MergedWithNext: (before, after) => before && !after,
};

/** Takes the next stretch of a text, up to `end`: a delimiter, which may be empty, or what stands between two. */
export type OnStretch = (end: number, isDelimiter: boolean) => void;

/** Calls `stretch` with the stretches of a text from `start` to `end`, in order. */
export type Delimiters = (text: Normalized, start: number, end: number, stretch: OnStretch) => void;

/** Splits at delimiters. */
export const split =
  (delimiters: Delimiters, behavior: Behavior): PreTokenizer =>
  (normalized, start, end, piece) => {
    const joins = JOINS[behavior];
    let [begin, at] = [start, start];
    let before = false;
    const close = (): void => {
      if (begin < at && !(before && behavior === 'Removed')) piece(normalized, begin, at);
      begin = at;
    };
    delimiters(normalized, start, end, (to, isDelimiter) => {
      if (!joins(before, isDelimiter)) close();
      at = to;
      before = isDelimiter;
    });
    close();
  };

/** Splits at the characters for which `isDelimiter` says so. */
export const splitAt = (isDelimiter: (code: number) => boolean, behavior: Behavior): PreTokenizer =>
  split(({ text }, start, end, stretch) => {
    let at = start;
    for (let i = start; i < end; ) {
      const code = text.codePointAt(i) as number;
      const next = i + (code > 0xffff ? 2 : 1);
      if (isDelimiter(code)) {
        if (at < i) stretch(i, false);
        stretch(next, true);
        at = next;
      }
      i = next;
    }
    if (at < end) stretch(end, false);
  }, behavior);

/** Splits at what `regex` matches; `inverted` at what stands between. */
export const splitBy = (regex: Regex, behavior: Behavior, inverted = false): PreTokenizer =>
  split(({ text }, start, end, stretch) => {
    let at = start;
    regex.scan(text, start, end, (from, to) => {
      if (at < from) stretch(from, inverted);
      stretch(to, !inverted);
      at = to;
    });
    if (at < end) stretch(end, inverted);
  }, behavior);
