/** What tests of programs of any ops have in common. */

/** One of 0 to `count` - 1. */
export type Pick = (count: number) => number;

/** What numbers that a property was given choose, one after the other. */
export function pickFrom(numbers: readonly number[]): Pick {
  let left = 0;
  return (count) => numbers[left++ % numbers.length] % count;
}

/** 0 to `count` - 1 in another order. */
export function shuffled(count: number, pick: Pick): number[] {
  const keys = Array.from({ length: count }, () => pick(100));
  return [...keys.keys()].sort((a, b) => keys[a] - keys[b]);
}

/** Which value of the program an op is given. */
export interface Ref {
  value: number;
}

export const isRef = (given: unknown): given is Ref => typeof given === 'object' && given !== null && 'value' in given;

/** Whether `shape` can be repeated to `to`. */
export const fits = <T>(shape: readonly (T | number)[], to: readonly (T | number)[]): boolean =>
  shape.length <= to.length && shape.every((size, i) => size === 1 || size === to[i + to.length - shape.length]);

export const OF_TWO = ['add', 'sub', 'mul', 'maximum', 'minimum', 'eq', 'lt', 'ge'] as const;
/** Those of them that make masks. */
export const COMPARISONS: ReadonlySet<string> = new Set(['eq', 'lt', 'ge']);

/** What operands that are repeated to one shape may not be. */
export const REFUSED = /expected operands that 4 dimensions run through/;
