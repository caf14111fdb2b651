import { toBfloat16, toFloat16, widenBfloat16, widenFloat16 } from '../../src/tensor/float.ts';
import type { Half } from '../../src/tensor/half.ts';

const TO_BITS = { float16: toFloat16, bfloat16: toBfloat16 } as const satisfies Record<Half, (value: number) => number>;
const TO_FLOATS = { float16: widenFloat16, bfloat16: widenBfloat16 } as const;

/** The bits of each value in `dtype`, rounded to even. */
export const halfBits = (dtype: Half, values: ArrayLike<number>): Uint16Array => Uint16Array.from(values, TO_BITS[dtype]);

/** What bits of `dtype` stand for. */
export function halfValues(dtype: Half, bits: Uint16Array): Float32Array {
  const floats = new Float32Array(bits.length);
  TO_FLOATS[dtype](bits, floats);
  return floats;
}

/** Each value as `dtype` has it. */
export const asHalf = (dtype: Half, values: ArrayLike<number>): number[] => [...halfValues(dtype, halfBits(dtype, values))];

/** The panels of 8 rows of 16-bit elements [n, k], two columns a word. */
export function packedHalves(bits: Uint16Array, n: number, k: number): Uint16Array {
  const panels = new Uint16Array(Math.ceil(n / 8) * 8 * k);
  for (let row = 0; row < n; row++)
    for (let col = 0; col < k; col++) {
      const word = ((row >> 3) * (k / 2) + (col >> 1)) * 8 + (row & 7);
      panels[2 * word + (col & 1)] = bits[row * k + col];
    }
  return panels;
}
