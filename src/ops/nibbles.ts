import { GROUP } from './limits.ts';

/**
 * Weights of four bits as assembly/lib/nibbles.ts draws them: groups of 32 along a row, two a byte, and a step a group. A weight q
 * (-8 to 7) in a group of step s (0 to 255) stands for the whole number ⌊(q · s + 16) / 32⌋.
 */

const HALF = GROUP / 2;

/** What a weight of four bits stands for. */
export const nibbleValue = (q: number, step: number): number => (q * step + 16) >> 5;

/** The 16 bytes of 32 weights. */
export function packGroup(weights: ArrayLike<number>, out: Uint8Array, at: number): void {
  for (let i = 0; i < HALF; i++) out[at + i] = (weights[i] + 8) | ((weights[i + HALF] + 8) << 4);
}

/** The whole numbers that nibbles and their steps stand for, each group by its step. */
export function unpackNibbles(nibbles: Uint8Array, steps: Uint8Array): Int8Array {
  const values = new Int8Array(2 * nibbles.length);
  for (let group = 0; group < steps.length; group++)
    for (let i = 0; i < HALF; i++) {
      const byte = nibbles[group * HALF + i];
      values[group * GROUP + i] = nibbleValue((byte & 15) - 8, steps[group]);
      values[group * GROUP + i + HALF] = nibbleValue((byte >> 4) - 8, steps[group]);
    }
  return values;
}
