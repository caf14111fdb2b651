import type { DType } from './dtype.ts';

/** A dtype of 16-bit floats. */
export type Half = Extract<DType, 'float16' | 'bfloat16'>;

/** What ops over weights of each are called by. */
export const SUFFIXES = { bfloat16: 'bf16', float16: 'f16' } as const satisfies Record<Half, string>;

export const isHalf = (dtype: DType): dtype is Half => dtype === 'float16' || dtype === 'bfloat16';

const bitsOf = ({ buffer, byteOffset, length }: Float32Array): Uint32Array => new Uint32Array(buffer, byteOffset, length);

const SIGN = 0x8000_0000;
/** Of float32: 2⁻¹⁴, the least normal float16; 128, the least that kernels do not take; 2¹⁶, above all of them; infinity. */
const LEAST_NORMAL = 0x3880_0000;
const TOO_LARGE = 0x4300_0000;
const ABOVE = 0x4780_0000;
const INFINITE = 0x7f80_0000;
/** What the exponents of float32 and float16 lie apart, in the bits of either. */
const BIAS = 112 << 23;
/** The least float16 above 0. */
const STEP = 2 ** -24;

/** What the exponent of a raised float16 is above its own, in its bits; and 128, which cannot be raised, in those of float16. */
const RAISE = 10 << 10;
const UNRAISED = 0x5800;
const FRACTION = 10;

/**
 * Gives each of these bits of float16 an exponent that is 10 higher, whereby those below its normal ones become normal (assembly/lib/half.ts). False where
 * one is NaN or 128 and above, in either sign; the bits are then of no use.
 */
export function raiseFloat16(bits: Uint16Array): boolean {
  let most = 0;
  for (let i = 0; i < bits.length; i++) {
    const magnitude = bits[i] & 0x7fff;
    if (magnitude > most) most = magnitude;
    if (magnitude >> FRACTION > 0) bits[i] += RAISE;
    else if (magnitude > 0) {
      const shift = FRACTION + Math.clz32(magnitude) - 31;
      bits[i] = (bits[i] & 0x8000) | (((FRACTION + 1 - shift) << FRACTION) + ((magnitude << shift) & 0x3ff));
    }
  }
  return most < UNRAISED;
}

/** The inverse of {@link raiseFloat16}. */
export function lowerFloat16(bits: Uint16Array): void {
  for (let i = 0; i < bits.length; i++) {
    const exponent = (bits[i] & 0x7fff) >> FRACTION;
    if (exponent > FRACTION) bits[i] -= RAISE;
    else if (exponent > 0) bits[i] = (bits[i] & 0x8000) | (((bits[i] & 0x3ff) | 0x400) >> (FRACTION + 1 - exponent));
  }
}

/** The bits of values in `dtype`, if it holds each of them exactly; float16 if they are below 128 as well, as kernels ask. */
export function exactHalves(values: Float32Array, dtype: Half): Uint16Array | undefined {
  const from = bitsOf(values);
  const to = new Uint16Array(values.length);
  const convert = dtype === 'bfloat16' ? exactBfloat16 : exactFloat16;
  return convert(from, values, to) ? to : undefined;
}

function exactBfloat16(from: Uint32Array, _: Float32Array, to: Uint16Array): boolean {
  for (let i = 0; i < from.length; i++) {
    if ((from[i] & 0xffff) !== 0) return false;
    to[i] = from[i] >>> 16;
  }
  return true;
}

function exactFloat16(from: Uint32Array, values: Float32Array, to: Uint16Array): boolean {
  for (let i = 0; i < from.length; i++) {
    const magnitude = from[i] & ~SIGN;
    const sign = (from[i] >>> 16) & 0x8000;
    if (magnitude >= LEAST_NORMAL) {
      if ((magnitude & 0x1fff) !== 0 || magnitude >= TOO_LARGE) return false;
      to[i] = sign | ((magnitude - BIAS) >>> 13);
    } else {
      const steps = Math.abs(values[i]) / STEP;
      if (!Number.isInteger(steps)) return false;
      to[i] = sign | steps;
    }
  }
  return true;
}

/** Each value rounded to the nearest of `dtype`, ties to even, beyond its range to infinity; NaN stays NaN. */
export function roundToHalf(values: Float32Array, dtype: Half): void {
  const bits = bitsOf(values);
  if (dtype === 'bfloat16') for (let i = 0; i < bits.length; i++) bits[i] = roundBits(bits[i], 16);
  else for (let i = 0; i < bits.length; i++) roundToFloat16(bits, values, i);
}

/** The bits of a float32 without the last `count`, rounded to even. NaN keeps its first ones, and one of them set. */
function roundBits(bits: number, count: number): number {
  const low = 2 ** count - 1;
  if ((bits & ~SIGN) > INFINITE) return (bits & ~low) | 0x40_0000;
  return (bits + (low >>> 1) + ((bits >>> count) & 1)) & ~low;
}

function roundToFloat16(bits: Uint32Array, values: Float32Array, i: number): void {
  const sign = bits[i] & SIGN;
  if ((bits[i] & ~SIGN) < LEAST_NORMAL) {
    values[i] = Math.fround(Math.abs(values[i]) + 0.75) - 0.75;
    bits[i] |= sign;
    return;
  }
  bits[i] = roundBits(bits[i], 13);
  const magnitude = bits[i] & ~SIGN;
  if (magnitude >= ABOVE && magnitude <= INFINITE) bits[i] = sign | INFINITE;
}
