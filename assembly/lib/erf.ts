import { exp4Sum } from './exp';
import { held, madd } from './simd';

/** Beyond this the tail of the normal distribution is below 5e-40 and counts as 0. */
let FURTHEST: v128 = held(13.2);
const SQRT2: f32 = 1.41421356;

/** Coefficients of p and q, and what splits and halves a². */
let P0: v128 = held(0.5);
let P1: v128 = held(0.43928307);
let P2: v128 = held(0.18396889);
let P3: v128 = held(0.040881045);
let P4: v128 = held(0.0041532181);
let Q0: v128 = held(1);
let Q1: v128 = held(1.6764512);
let Q2: v128 = held(1.2055472);
let Q3: v128 = held(0.47140804);
let Q4: v128 = held(0.1024797);
let Q5: v128 = held(0.010410463);
let UPPER: v128 = held(reinterpret<f32>(0xfffff000));
let MINUS_HALF: v128 = held(-0.5);

/**
 * Φ(-a) = erfc(a / √2) / 2 for a >= 0: the weight of the normal distribution beyond a, within 7 ulp up to 13, 0 from 13.2 on.
 *
 *   exp(-a² / 2) · p(a) / q(a), relative error 6.3e-9 on [0, 15] (scripts/minimax.py)
 *
 * All coefficients are positive, so nothing cancels. a² is split into the exact square of a's upper bits and the rest.
 */
// @ts-ignore: decorator
@inline
export function normalTail4(a: v128): v128 {
  const x = f32x4.pmin(a, FURTHEST);
  let p = madd(P4, x, P3);
  p = madd(p, x, P2);
  p = madd(p, x, P1);
  p = madd(p, x, P0);
  let q = madd(Q5, x, Q4);
  q = madd(q, x, Q3);
  q = madd(q, x, Q2);
  q = madd(q, x, Q1);
  q = madd(q, x, Q0);
  const upper = v128.and(x, UPPER);
  const square = f32x4.mul(MINUS_HALF, f32x4.mul(upper, upper));
  const rest = f32x4.mul(MINUS_HALF, f32x4.mul(f32x4.sub(x, upper), f32x4.add(x, upper)));
  return f32x4.div(f32x4.mul(exp4Sum(square, rest), p), q);
}

/** erf of every lane, absolute error below 2e-7; odd, erf(±∞) = ±1, erf(NaN) = NaN. */
// @ts-ignore: decorator
@inline
export function erf4(x: v128): v128 {
  const tail = normalTail4(f32x4.mul(f32x4.abs(x), f32x4.splat(SQRT2)));
  const magnitude = f32x4.sub(f32x4.splat(1), f32x4.add(tail, tail));
  return v128.bitselect(x, magnitude, f32x4.splat(-0.0));
}
