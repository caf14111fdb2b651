import { exp4 } from './exp';
import { hmax, hsum, loadPart, storePart } from './simd';

/** The largest of cols >= 1 elements, NaN left out: it reaches the row through the sum of its exponentials. */
export function maxRow(x: usize, cols: i32): f32 {
  const lowest = f32x4.splat(-Infinity);
  let top = lowest;
  for (; cols >= 4; cols -= 4, x += 16) top = f32x4.pmax(top, v128.load(x));
  return hmax(f32x4.pmax(top, loadPart(x, cols, lowest)));
}

/** The sum of exp(x[i] - peak) over cols elements, by lane i % 4; with `keep` the terms are stored to out, which may be x. */
// @ts-ignore: decorator
@inline
export function sumExp(out: usize, x: usize, cols: i32, peak: f32, keep: bool): f32 {
  const peaks = f32x4.splat(peak);
  let sum = f32x4.splat(0);
  for (; cols >= 4; cols -= 4, x += 16, out += 16) {
    const e = exp4(f32x4.sub(v128.load(x), peaks));
    if (keep) v128.store(out, e);
    sum = f32x4.add(sum, e);
  }
  if (cols > 0) {
    const e = exp4(f32x4.sub(loadPart(x, cols, f32x4.splat(-Infinity)), peaks));
    if (keep) storePart(out, e, cols);
    sum = f32x4.add(sum, e);
  }
  return hsum(sum);
}

/** out = exp(x - peak) / Σ exp(x - peak) for one row of cols elements with the largest `peak`; out may be x. */
export function softmaxRow(out: usize, x: usize, cols: i32, peak: f32): void {
  const inverse = f32x4.splat(1 / sumExp(out, x, cols, peak, true));
  for (; cols >= 4; cols -= 4, out += 16) v128.store(out, f32x4.mul(v128.load(out), inverse));
  storePart(out, f32x4.mul(loadPart(out, cols, inverse), inverse), cols);
}
