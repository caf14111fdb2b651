import { held, madd, nmadd } from './simd';

/**
 * exp by its own minimax polynomial (scripts/minimax.py).
 *
 *   x = n · ln 2 + r, |r| <= ln(2)/2;  exp(r) = 1 + r + r² p(r), relative error 3.1e-9;  exp(x) = 2ⁿ⁻¹ · 2 exp(r)
 *
 * With the factor 2 in the polynomial, 2ⁿ⁻¹ is a float32 wherever exp(x) is finite, and 0 from n = -126 down.
 */

/** ln 2 in two parts; n · LN2_HIGH is exact for |n| < 2^15. */
let LN2_HIGH: v128 = held(0.693359375);
let LN2_LOW: v128 = held(-2.12194440e-4);
let LOG2E: v128 = held(1.44269504);
/** Adding 1.5 · 2^23 leaves the nearest whole number in the low bits. */
let ROUND: v128 = held(12582912);

/** Here n is -126 and 128: beyond, exp is 0 and infinite. */
let LOWEST: v128 = held(-87.5);
let HIGHEST: v128 = held(89);

/** p of r⁰ to r⁴, all of it doubled; the exponent that 2ⁿ⁻¹ adds to n. */
let P0: v128 = held(2 * 0.49999994);
let P1: v128 = held(2 * 0.16666521);
let P2: v128 = held(2 * 0.04166839);
let P3: v128 = held(2 * 0.00836871);
let P4: v128 = held(2 * 0.0013814614);
let TWO: v128 = held(2);
let BIAS: v128 = held(reinterpret<f32>(126));

/** exp of every lane, within 1.2 ulp down to -86.9 (2^-125.5) and 0 below; exp(-∞) = 0, exp(∞) = ∞, exp(NaN) = NaN. No denormals. */
// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const within = f32x4.pmin(f32x4.pmax(x, LOWEST), HIGHEST);
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
  return madd(x, LOG2E, ROUND);
}

/** r of each lane. */
// @ts-ignore: decorator
@inline
function reduced(x: v128, wholes: v128): v128 {
  const n = f32x4.sub(wholes, ROUND);
  return nmadd(n, LN2_LOW, nmadd(n, LN2_HIGH, x));
}

/** 2ⁿ · exp(r). The shift drops all of ROUND's bits. */
// @ts-ignore: decorator
@inline
function scaled(r: v128, wholes: v128): v128 {
  let p = madd(P4, r, P3);
  p = madd(p, r, P2);
  p = madd(p, r, P1);
  p = madd(p, r, P0);
  p = madd(p, r, TWO);
  p = madd(p, r, TWO);
  return f32x4.mul(p, i32x4.shl(i32x4.add(wholes, BIAS), 23));
}
