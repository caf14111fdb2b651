import { hsum, load4, loadPart, madd, store4 } from './simd';

/** The sum of (x[i] - centre)² for cols elements, or of x[i] if not `squared`; in four vectors of partial sums, added in pairs. */
// @ts-ignore: decorator
@inline
function sumOf(x: usize, cols: i32, centre: v128, squared: bool): f32 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; cols >= 16; cols -= 16, x += 64) {
    a = term(v128.load(x), centre, a, squared);
    b = term(v128.load(x, 16), centre, b, squared);
    c = term(v128.load(x, 32), centre, c, squared);
    d = term(v128.load(x, 48), centre, d, squared);
  }
  for (; cols >= 4; cols -= 4, x += 16) a = term(v128.load(x), centre, a, squared);
  if (cols > 0) b = term(loadPart(x, cols, centre), centre, b, squared);
  return hsum(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** Lanes equal to `centre` add nothing to a sum of squares; for a plain sum `centre` is 0. */
// @ts-ignore: decorator
@inline
function term(x: v128, centre: v128, sum: v128, squared: bool): v128 {
  if (!squared) return f32x4.add(sum, x);
  const centred = f32x4.sub(x, centre);
  return madd(centred, centred, sum);
}

/** The sum of a row. */
function sumRow(x: usize, cols: i32): f32 {
  return sumOf(x, cols, f32x4.splat(0), false);
}

/** The sum of (x[i] - centre)² over a row. */
export function squaresRow(x: usize, cols: i32, centre: f32): f32 {
  return sumOf(x, cols, f32x4.splat(centre), true);
}

/** out = (x - mean) / √(variance + eps) · weight + bias for one row of cols >= 1 elements, variance over cols; out may be x. */
export function normRow(out: usize, x: usize, weight: usize, bias: usize, cols: i32, eps: f32): void {
  const mean = sumRow(x, cols) / <f32>cols;
  const variance = squaresRow(x, cols, mean) / <f32>cols;
  const means = f32x4.splat(mean);
  const inverse = f32x4.splat(1 / sqrt<f32>(variance + eps));
  for (; cols > 0; cols -= 4, out += 16, x += 16, weight += 16, bias += 16) {
    const normal = f32x4.mul(f32x4.sub(load4(x, cols), means), inverse);
    store4(out, madd(normal, load4(weight, cols), load4(bias, cols)), cols);
  }
}

/** out = x + y for one row. out may be x. */
export function addRow(out: usize, x: usize, y: usize, cols: i32): void {
  for (; cols > 0; cols -= 4, out += 16, x += 16, y += 16) store4(out, f32x4.add(load4(x, cols), load4(y, cols)), cols);
}
