import { exp4 } from './exp';
import { held, madd } from './simd';

let EDGE: v128 = held(0.625);

/** p of x² to the powers 0 to 4. */
let P0: v128 = held(-0.3333328);
let P1: v128 = held(0.13331442);
let P2: v128 = held(-0.053739715);
let P3: v128 = held(0.020639088);
let P4: v128 = held(-0.0057049873);
let ONE: v128 = held(1);
let TWO: v128 = held(2);

/**
 * tanh of every lane, within 1.5 ulp; odd, tanh(±∞) = ±1, tanh(NaN) = NaN.
 *
 *   |x| < 0.625:  |x| + |x|³ p(x²), relative error 4.4e-9 (scripts/minimax.py)
 *   else:         1 - 2 / (exp(2|x|) + 1)
 *
 * with the sign of x.
 */
// @ts-ignore: decorator
@inline
export function tanh4(x: v128): v128 {
  const z = f32x4.mul(x, x);
  let p = madd(P4, z, P3);
  p = madd(p, z, P2);
  p = madd(p, z, P1);
  p = madd(p, z, P0);
  const size = f32x4.abs(x);
  const near = madd(f32x4.mul(p, z), size, size);
  const far = f32x4.sub(ONE, f32x4.div(TWO, f32x4.add(exp4(f32x4.add(size, size)), ONE)));
  return v128.bitselect(x, v128.bitselect(near, far, f32x4.lt(size, EDGE)), f32x4.splat(-0.0));
}
