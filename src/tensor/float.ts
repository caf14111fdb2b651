import type { DType, TypedArray } from './dtype.ts';

const bitsOf = (to: Float32Array): Uint32Array => new Uint32Array(to.buffer, to.byteOffset, to.length);

/** IEEE binary16 bits to the same values. NaN keeps its sign and payload. `from` may be the last half of `to`. */
export function widenFloat16(from: Uint16Array, to: Float32Array): void {
  const bits = bitsOf(to);
  for (let i = 0; i < from.length; i++) {
    const half = from[i];
    const sign = (half & 0x8000) << 16;
    const exponent = half & 0x7c00;
    const fraction = half & 0x3ff;
    if (exponent === 0x7c00) bits[i] = sign | 0x7f800000 | (fraction << 13);
    else if (exponent !== 0) bits[i] = sign | ((half & 0x7fff) * 0x2000 + 0x38000000);
    else to[i] = (sign ? -fraction : fraction) * 2 ** -24;
  }
}

/** bfloat16 bits to the same values, NaN payloads included. `from` may be the last half of `to`. */
export function widenBfloat16(from: Uint16Array, to: Float32Array): void {
  const bits = bitsOf(to);
  for (let i = 0; i < from.length; i++) bits[i] = from[i] << 16;
}

/** Each value rounded to the nearest float32, ties to even; beyond the range of float32 to infinity. */
export function roundFloat64(from: Float64Array, to: Float32Array): void {
  for (let i = 0; i < from.length; i++) to[i] = from[i];
}

/** How the elements of a floating dtype become float32; dtypes that are not floating have no entry. */
export const TO_FLOAT32: Partial<Record<DType, (from: TypedArray, to: Float32Array) => void>> = {
  float32: (from, to) => to.set(from as Float32Array),
  float16: (from, to) => widenFloat16(from as Uint16Array, to),
  bfloat16: (from, to) => widenBfloat16(from as Uint16Array, to),
  float64: (from, to) => roundFloat64(from as Float64Array, to),
};

const toEven = (value: number): number => {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
};

/** The bits of the nearest float with so many bits of exponent and fraction, ties to even, as PyTorch rounds: by way of float32. */
function narrow(number: number, exponents: number, fractions: number): number {
  const value = Math.fround(number);
  const sign = value < 0 || Object.is(value, -0) ? 2 ** (exponents + fractions) : 0;
  const infinity = (2 ** exponents - 1) * 2 ** fractions;
  if (Number.isNaN(value)) return infinity + 2 ** (fractions - 1);
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return sign + infinity;
  const least = 2 - 2 ** (exponents - 1);
  let exponent = Math.floor(Math.log2(magnitude));
  if (2 ** exponent > magnitude) exponent--;
  exponent = Math.max(exponent, least);
  return sign + Math.min((exponent - least) * 2 ** fractions + toEven(magnitude / 2 ** (exponent - fractions)), infinity);
}

/** A number as the bits of an IEEE binary16. */
export const toFloat16 = (value: number): number => narrow(value, 5, 10);

/** A number as the bits of a bfloat16. */
export const toBfloat16 = (value: number): number => narrow(value, 8, 7);
