/** Code points: where each stretch of them begins and where it ends, in turn, in order and apart from each other. */
export type Ranges = readonly number[];

const END = 0x110000;

/** No code point. */
export const NONE: Ranges = [];
/** Every code point. */
export const ANY: Ranges = [0, END];

/** The code points from `first` to `last`. */
export const between = (first: number, last = first): Ranges => [first, last + 1];

/** The code points that are not in `set`. */
export function complement(set: Ranges): Ranges {
  const bounds = set[0] === 0 ? set.slice(1) : [0, ...set];
  return bounds.at(-1) === END ? bounds.slice(0, -1) : [...bounds, END];
}

/** The code points of all `sets`. */
export function union(...sets: readonly Ranges[]): Ranges {
  const several = [...new Set(sets)];
  if (several.length === 1) return several[0];
  const pairs = several.flatMap((set) => Array.from({ length: set.length / 2 }, (_, i) => [set[2 * i], set[2 * i + 1]] as const));
  pairs.sort(([a], [b]) => a - b);
  const joined: number[] = [];
  for (const [start, end] of pairs) {
    if (joined.length && start <= joined[joined.length - 1]) joined[joined.length - 1] = Math.max(end, joined[joined.length - 1]);
    else joined.push(start, end);
  }
  return joined;
}

/** The code points that both have. */
export const intersection = (a: Ranges, b: Ranges): Ranges => complement(union(complement(a), complement(b)));

/** The code points of `a` that `b` does not have. */
export const difference = (a: Ranges, b: Ranges): Ranges => intersection(a, complement(b));

/** Whether `code` is in `set`. */
export function has(set: Ranges, code: number): boolean {
  let [low, high] = [0, set.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (set[middle] <= code) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1;
}
