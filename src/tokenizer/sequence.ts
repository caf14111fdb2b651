/** The tokens of one text before special tokens are added; `starts` and `ends` index its UTF-16 units. */
export interface Sequence {
  ids: number[];
  tokens: string[];
  starts: number[];
  ends: number[];
  /** For each token, which word of the text it is of. */
  words: number[];
}

/** Which of two sequences gives up tokens: as Hugging Face's `TruncationStrategy`. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second' | 'do_not_truncate';
export type Side = 'left' | 'right';

/** How many tokens each sequence keeps; undefined where the strategy cannot reach the length. */
export type Kept = readonly [first: number, second: number];

/**
 * Lengths that `first` and `second` are cut to so that they hold `room` tokens together, as `truncate_encodings` of the
 * Rust tokenizers. `limit` is the length asked for with special tokens.
 */
export function truncatedLengths(
  first: Sequence,
  second: Sequence | undefined,
  strategy: TruncationStrategy,
  { room, limit, side }: { room: number; limit: number; side: Side },
): Kept | undefined {
  const a = first.ids.length;
  const b = second?.ids.length ?? 0;
  const excess = a + b - room;
  if (strategy === 'do_not_truncate' || excess <= 0) return [a, b];
  if (room === 0) return [0, 0];
  if (strategy === 'only_first') return a > excess ? [a - excess, b] : undefined;
  if (strategy === 'only_second') return b > excess ? [a, b - excess] : undefined;
  if (!second) return [room, 0];
  const swapped = tokenized(first, limit, side) > tokenized(second, limit, side);
  const shorter = Math.min(a, b);
  const longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
  const half = Math.floor(room / 2);
  const [short, long] = shorter + longer > room ? [half, room - half] : [shorter, longer];
  return swapped ? [long, short] : [short, long];
}

/**
 * Where both texts are longer than the limit, the Rust tokenizers stop after the word that reaches it, and which of the
 * two counts as the longer is decided by what they have seen.
 */
function tokenized({ words }: Sequence, limit: number, side: Side): number {
  const count = words.length;
  if (count <= limit || limit === 0) return count;
  let seen = limit;
  if (side === 'right') while (seen < count && words[seen] === words[seen - 1]) seen++;
  else while (seen < count && words[count - 1 - seen] === words[count - seen]) seen++;
  return seen;
}

/** `length` tokens of `sequence`, the rest cut off at `side`. */
export function cut(sequence: Sequence, length: number, side: Side): Sequence {
  const { ids, tokens, starts, ends, words } = sequence;
  if (length >= ids.length) return sequence;
  const from = side === 'right' ? 0 : ids.length - length;
  const part = <T>(all: readonly T[]): T[] => all.slice(from, from + length);
  return { ids: part(ids), tokens: part(tokens), starts: part(starts), ends: part(ends), words: part(words) };
}
