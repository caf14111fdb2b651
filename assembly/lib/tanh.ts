import { exp4 } from './exp';
import { madd } from './simd';

const EDGE: f32 = 0.625;

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
  let p = f32x4.splat(-0.0057049873);
  p = madd(p, z, f32x4.splat(0.020639088));
  p = madd(p, z, f32x4.splat(-0.053739715));
  p = madd(p, z, f32x4.splat(0.13331442));
  p = madd(p, z, f32x4.splat(-0.3333328));
  const size = f32x4.abs(x);
  const near = madd(f32x4.mul(p, z), size, size);
  const one = f32x4.splat(1);
  const far = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(exp4(f32x4.add(size, size)), one)));
  return v128.bitselect(x, v128.bitselect(near, far, f32x4.lt(size, f32x4.splat(EDGE))), f32x4.splat(-0.0));
}
