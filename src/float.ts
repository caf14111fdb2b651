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
