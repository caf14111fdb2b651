import { oneOf } from '../../base/schema.ts';
import { type Fields, field } from '../fields.ts';
import type { PreTokenizer } from '../interfaces.ts';

const BEHAVIORS = ['Removed', 'Isolated', 'Contiguous', 'MergedWithPrevious', 'MergedWithNext'] as const;

/** What becomes of the characters that a text is split at. */
export type Behavior = (typeof BEHAVIORS)[number];

export const behaviorIn = (fields: Fields): Behavior => field(fields, 'behavior', oneOf(BEHAVIORS), 'Isolated');

/** Whether a piece goes on from one character to the next, by whether each of the two is a delimiter. */
const GOES_ON: Record<Behavior, (before: boolean, after: boolean) => boolean> = {
  Removed: (before, after) => !before && !after,
  Isolated: (before, after) => !before && !after,
  Contiguous: (before, after) => before === after,
  MergedWithPrevious: (before) => !before,
  MergedWithNext: (_, after) => !after,
};

/** Splits at the characters for which `isDelimiter` says so. */
export const splitAt =
  (isDelimiter: (code: number) => boolean, behavior: Behavior): PreTokenizer =>
  (normalized, start, end, piece) => {
    const goesOn = GOES_ON[behavior];
    const { text } = normalized;
    let begin = start;
    let before = false;
    for (let i = start; i < end; ) {
      const code = text.codePointAt(i) as number;
      const after = isDelimiter(code);
      if (i > begin && !goesOn(before, after)) {
        if (!(before && behavior === 'Removed')) piece(normalized, begin, i);
        begin = i;
      }
      before = after;
      i += code > 0xffff ? 2 : 1;
    }
    if (begin < end && !(before && behavior === 'Removed')) piece(normalized, begin, end);
  };
