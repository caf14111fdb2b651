import { madd, nmadd } from './simd';

/**
 * exp by its own minimax polynomial (scripts/minimax.py).
 *
 *   x = n · ln 2 + r, |r| <= ln(2)/2;  exp(r) = 1 + r + r² p(r), relative error 3.1e-9;  exp(x) = 2ⁿ⁻¹ · 2 exp(r)
 *
 * With the factor 2 in the polynomial, 2ⁿ⁻¹ is a float32 wherever exp(x) is finite, and 0 from n = -126 down.
 */

/** ln 2 in two parts; n · LN2_HIGH is exact for |n| < 2^15. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
const LOG2E: f32 = 1.44269504;
/** Adding 1.5 · 2^23 leaves the nearest whole number in the low bits. */
const ROUND: f32 = 12582912;

/** Here n is -126 and 128: beyond, exp is 0 and infinite. */
const LOWEST: f32 = -87.5;
const HIGHEST: f32 = 89;

/** exp of every lane, within 1.2 ulp down to -86.9 (2^-125.5) and 0 below; exp(-∞) = 0, exp(∞) = ∞, exp(NaN) = NaN. No denormals. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const within = f32x4.pmin(f32x4.pmax(x, f32x4.splat(LOWEST)), f32x4.splat(HIGHEST));
  const n = wholes(within);
  return scaled(reduced(within, n), n);
}

/** exp(x + low), where `low` is what x lost to rounding: as good as exp4 at the exact sum. -87.5 <= x + low <= 89. */
// @ts-ignore: decorator
@inline
export function exp4Sum(x: v128, low: v128): v128 {
  const n = wholes(f32x4.add(x, low));
  return scaled(f32x4.add(reduced(x, n), low), n);
}

/** 1.5 · 2^23 plus the n of each lane. */
// @ts-ignore: decorator
@inline
function wholes(x: v128): v128 {
  return madd(x, f32x4.splat(LOG2E), f32x4.splat(ROUND));
}

/** r of each lane. */
// @ts-ignore: decorator
@inline
function reduced(x: v128, wholes: v128): v128 {
  const n = f32x4.sub(wholes, f32x4.splat(ROUND));
  return nmadd(n, f32x4.splat(LN2_LOW), nmadd(n, f32x4.splat(LN2_HIGH), x));
}

/** 2ⁿ · exp(r). The shift drops all of ROUND's bits. */
// @ts-ignore: decorator
@inline
function scaled(r: v128, wholes: v128): v128 {
  let p = f32x4.splat(2 * 0.0013814614);
  p = madd(p, r, f32x4.splat(2 * 0.00836871));
  p = madd(p, r, f32x4.splat(2 * 0.04166839));
  p = madd(p, r, f32x4.splat(2 * 0.16666521));
  p = madd(p, r, f32x4.splat(2 * 0.49999994));
  p = madd(p, r, f32x4.splat(2));
  p = madd(p, r, f32x4.splat(2));
  return f32x4.mul(p, i32x4.shl(i32x4.add(wholes, i32x4.splat(126)), 23));
}
