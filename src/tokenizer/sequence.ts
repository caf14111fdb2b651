/** The tokens of one text before special tokens are added; `starts` and `ends` index its UTF-16 units. */
export interface Sequence {
  ids: number[];
  tokens: string[];
  starts: number[];
  ends: number[];
}

/** Which of two sequences gives up tokens: as Hugging Face's `TruncationStrategy`. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second' | 'do_not_truncate';
export type Side = 'left' | 'right';

/** How many tokens each sequence keeps; undefined where the strategy cannot reach the length. */
export type Kept = readonly [first: number, second: number];

/**
 * Lengths that sequences of `a` and `b` tokens are cut to so that they hold `room` together, as `truncate_encodings` of the
 * Rust tokenizers.
 */
export function truncatedLengths(a: number, b: number, strategy: TruncationStrategy, room: number): Kept | undefined {
  const excess = a + b - room;
  if (strategy === 'do_not_truncate' || excess <= 0) return [a, b];
  if (room === 0) return [0, 0];
  if (strategy === 'only_first') return a > excess ? [a - excess, b] : undefined;
  if (strategy === 'only_second') return b > excess ? [a, b - excess] : undefined;
  const short = Math.min(a, b, Math.floor(room / 2));
  const long = room - short;
  return a > b ? [long, short] : [short, long];
}

/** `length` tokens of `sequence`, the rest cut off at `side`. */
export function cut(sequence: Sequence, length: number, side: Side): Sequence {
  const { ids, tokens, starts, ends } = sequence;
  if (length >= ids.length) return sequence;
  const from = side === 'right' ? 0 : ids.length - length;
  const part = <T>(all: readonly T[]): T[] => all.slice(from, from + length);
  return { ids: part(ids), tokens: part(tokens), starts: part(starts), ends: part(ends) };
}
