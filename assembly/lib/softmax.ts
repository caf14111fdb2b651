import { exp4 } from './exp';
import { hmax, hsum, load4, loadPart, store4 } from './simd';

/** The largest of cols >= 1 elements, NaN left out: it reaches the row through the sum of its exponentials. */
export function maxRow(x: usize, cols: i32): f32 {
  const lowest = f32x4.splat(-Infinity);
  let top = lowest;
  for (; cols >= 4; cols -= 4, x += 16) top = f32x4.pmax(top, v128.load(x));
  return hmax(f32x4.pmax(top, loadPart(x, cols, lowest)));
}

/**
 * The sum of exp(x[i] - peak) over cols elements, by lane i % 4; with `keep` the terms are stored to out, which may be x.
 * Two vectors a turn, whose constants are then loaded once.
 */
// @ts-ignore: decorator
@inline
export function sumExp(out: usize, x: usize, cols: i32, peak: f32, keep: bool): f32 {
  const peaks = f32x4.splat(peak);
  let sum = f32x4.splat(0);
  for (; cols > 0; cols -= 8, x += 32, out += 32) {
    const x0 = loadOr(x, cols);
    const x1 = loadOr(x + 16, cols - 4);
    const e0 = exp4(f32x4.sub(x0, peaks));
    const e1 = exp4(f32x4.sub(x1, peaks));
    if (keep) {
      store4(out, e0, cols);
      store4(out + 16, e1, cols - 4);
    }
    sum = f32x4.add(f32x4.add(sum, e0), e1);
  }
  return hsum(sum);
}

/** As load4, but with -∞, whose exponential is 0, in lanes past the elements. */
// @ts-ignore: decorator
@inline
function loadOr(p: usize, left: i32): v128 {
  return left >= 4 ? v128.load(p) : loadPart(p, left, f32x4.splat(-Infinity));
}

/** out = exp(x - peak) / Σ exp(x - peak) for one row of cols elements with the largest `peak`; out may be x. */
export function softmaxRow(out: usize, x: usize, cols: i32, peak: f32): void {
  const inverse = f32x4.splat(1 / sumExp(out, x, cols, peak, true));
  for (; cols > 0; cols -= 4, out += 16) store4(out, f32x4.mul(load4(out, cols), inverse), cols);
}
