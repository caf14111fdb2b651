import { exp4Sum } from './exp';
import { madd } from './simd';

/** Beyond this the tail of the normal distribution is below 5e-40 and counts as 0. */
const FURTHEST: f32 = 13.2;
const SQRT2: f32 = 1.41421356;

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
  const x = f32x4.pmin(a, f32x4.splat(FURTHEST));
  let p = f32x4.splat(0.0041532181);
  p = madd(p, x, f32x4.splat(0.040881045));
  p = madd(p, x, f32x4.splat(0.18396889));
  p = madd(p, x, f32x4.splat(0.43928307));
  p = madd(p, x, f32x4.splat(0.5));
  let q = f32x4.splat(0.010410463);
  q = madd(q, x, f32x4.splat(0.1024797));
  q = madd(q, x, f32x4.splat(0.47140804));
  q = madd(q, x, f32x4.splat(1.2055472));
  q = madd(q, x, f32x4.splat(1.6764512));
  q = madd(q, x, f32x4.splat(1));
  const upper = v128.and(x, i32x4.splat(0xfffff000));
  const minusHalf = f32x4.splat(-0.5);
  const square = f32x4.mul(minusHalf, f32x4.mul(upper, upper));
  const rest = f32x4.mul(minusHalf, f32x4.mul(f32x4.sub(x, upper), f32x4.add(x, upper)));
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
