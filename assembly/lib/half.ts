import { held, heldBits, load4, store4 } from './simd';

/*
 * Floats of 16 bits, each to the float32 of the same value:
 *
 *   bfloat16   its bits are the upper half of the float32's
 *   float16    its sign, exponent and fraction go where a float32 has them, which is then 2^-112 times the value; for finite ones alone
 */
export const enum Half {
  none = 0,
  bfloat16 = 1,
  float16 = 2,
}

/** 2^112. */
let SCALE: v128 = held(reinterpret<f32>(0x77800000));
let UPPER: v128 = heldBits(0xffff0000);
let FIELDS: v128 = heldBits(0x8fffe000);

/** The values of what stands in the upper halves of these lanes. */
// @ts-ignore: decorator
@inline
export function upper(format: i32, lanes: v128): v128 {
  if (format == Half.bfloat16) return v128.and(lanes, UPPER);
  return f32x4.mul(v128.and(i32x4.shr_s(lanes, 3), FIELDS), SCALE);
}

/** The values of what stands in their lower halves. */
// @ts-ignore: decorator
@inline
export function lower(format: i32, lanes: v128): v128 {
  const shifted = i32x4.shl(lanes, 16);
  return format == Half.bfloat16 ? shifted : upper(format, shifted);
}

/** out = `cols` elements of 16 bits at p in float32, and those of x (0: none) added. Up to 6 bytes behind them are read. */
export function widenRow(format: i32, out: usize, x: usize, p: usize, cols: i32): void {
  for (let at: usize = 0; cols > 0; cols -= 4, at += 16, p += 8) {
    const lanes = v128.load16x4_u(p);
    const values = lower(format, lanes);
    store4(out + at, x == 0 ? values : f32x4.add(load4(x + at, cols), values), cols);
  }
}
