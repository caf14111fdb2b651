import type { Side } from './sequence.ts';

/** Which of two sequences gives up tokens: as Hugging Face's `TruncationStrategy`. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second' | 'do_not_truncate';

/** How many tokens each sequence keeps; undefined where the strategy cannot reach the length. */
export type Kept = readonly [first: number, second: number];

/** Tokens of a sequence from one up to another. */
export type Range = readonly [from: number, to: number];

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

/** How many ranges of `kept` tokens, each with `stride` of the one before, cover `count` tokens. What nothing is kept of is one more, whole. */
export function rangeCount(count: number, kept: number, stride: number): number {
  if (kept >= count) return 1;
  return kept === 0 ? 2 : 1 + Math.ceil((count - kept) / (kept - stride));
}

/** The range number `i` of those, from the side where nothing is cut off. As `Encoding::truncate` of the Rust tokenizers. */
export function rangeAt(i: number, count: number, kept: number, stride: number, side: Side): Range {
  if (i > 0 && kept === 0) return [0, count];
  const begin = i * (kept - stride);
  return side === 'right' ? [begin, Math.min(begin + kept, count)] : [Math.max(count - begin - kept, 0), count - begin];
}

/**
 * Which range of each sequence stands in each row, where `counts` says how many ranges a sequence has, in the order of the row. As
 * `Encoding::merge_with` of the Rust tokenizers: the first row holds all that was kept, and each later sequence goes with all that came before.
 */
export function combinations(counts: readonly number[]): number[][] {
  let rows: number[][] = [[]];
  for (const count of counts) {
    const [kept, ...others] = rows;
    const all = Array.from({ length: count }, (_, i) => i);
    const overflow = others.flatMap((row) => all.map((i) => [...row, i]));
    rows = [[...kept, 0], ...overflow, ...all.slice(1).map((i) => [...kept, i])];
  }
  return rows;
}
