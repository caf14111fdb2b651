import { bytes } from '../../lib/simd';

/** The sum of `cols` floats less `from` each, or of the squares of that, in float64: two lanes by turns, then what is left. */
// @ts-ignore: decorator
@inline
export function sumOf(x: usize, cols: i32, from: f64, squares: bool): f64 {
  const means = f64x2.splat(from);
  let low = f64x2.splat(0);
  const end = x + bytes(cols);
  for (; x + 8 <= end; x += 8) {
    const terms = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(x)), means);
    low = f64x2.add(low, squares ? f64x2.mul(terms, terms) : terms);
  }
  const sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  if (x == end) return sum;
  const term = <f64>load<f32>(x) - from;
  return sum + (squares ? term * term : term);
}
