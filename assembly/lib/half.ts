import { held, heldBits, load4, store4 } from './simd';

/*
 * Floats of 16 bits, each to the float32 of the same value:
 *
 *   bfloat16   its bits are the upper half of the float32's
 *   float16    its sign, exponent and fraction go where a float32 has them, which is then 2^-112 times the value
 *   raised     float16 with an exponent that is 10 higher, so that none below its normal ones is left: the host makes panels of these, as
 *              processors multiply what is below the normal floats slowly
 */
export const enum Half {
  none = 0,
  bfloat16 = 1,
  float16 = 2,
  raised = 3,
}

let SCALE: v128 = held(reinterpret<f32>(0x77800000));
let SCALE_RAISED: v128 = held(reinterpret<f32>(0x72800000));
let UPPER: v128 = heldBits(0xffff0000);
/** 2^13 for the lower half of a lane, 0 for the upper one: the product is the former with its sign extended, three bits below the upper half. */
let SHIFT: v128 = heldBits(0x2000);
let FIELDS: v128 = heldBits(0x8fffe000);

/** The values of what stands in the upper halves of these lanes; float16 has to be finite. */
// @ts-ignore: decorator
@inline
export function upper(format: i32, lanes: v128): v128 {
  if (format == Half.bfloat16) return v128.and(lanes, UPPER);
  return f32x4.mul(v128.and(i32x4.shr_s(lanes, 3), FIELDS), format == Half.raised ? SCALE_RAISED : SCALE);
}

/** The values of what stands in their lower halves. */
// @ts-ignore: decorator
@inline
export function lower(format: i32, lanes: v128): v128 {
  if (format == Half.bfloat16) return i32x4.shl(lanes, 16);
  return f32x4.mul(v128.and(i32x4.dot_i16x8_s(lanes, SHIFT), FIELDS), format == Half.raised ? SCALE_RAISED : SCALE);
}

/** Makes NaN and infinities of what is none in float16. */
// @ts-ignore: decorator
@inline
function unbounded(values: v128): v128 {
  const beyond = i32x4.gt_s(v128.and(values, i32x4.splat(0x7fffffff)), i32x4.splat(0x477fffff));
  return v128.or(values, v128.and(beyond, i32x4.splat(0x7f800000)));
}

/** out = `cols` elements of 16 bits at p in float32, and those of x (0: none) added. Up to 6 bytes behind them are read. */
export function widenRow(format: i32, out: usize, x: usize, p: usize, cols: i32): void {
  for (let at: usize = 0; cols > 0; cols -= 4, at += 16, p += 8) {
    const finite = lower(format, v128.load16x4_u(p));
    const values = format == Half.float16 ? unbounded(finite) : finite;
    store4(out + at, x == 0 ? values : f32x4.add(load4(x + at, cols), values), cols);
  }
}
