import { checkInteger } from './lib/contract';
import { integerProduct } from './lib/integer';

/**
 * out = (x · smooth) · (weight · scale)ᵀ + bias in integers, x quantised by row: x [m, k], weight int8 [n, k] from -64 to 64, scale [n],
 * sums [stretches, n] and the rounding as lib/integer.ts draws them, smooth [k] and bias [n] or 0, out [m, n]. `form` is a number of
 * lib/dots.ts; all give the same bits, and a row's do not depend on m. 31 bytes behind weight are readable. out overlaps no operand.
 * Rows of out, and of sums, are `width` floats apart: n unless this is a part of the columns.
 */
export function linear_i8(
  out: usize,
  x: usize,
  weight: usize,
  scale: usize,
  sums: usize,
  smooth: usize,
  bias: usize,
  scratch: usize,
  form: i32,
  m: i32,
  n: i32,
  k: i32,
  width: i32,
): void {
  checkInteger(out, x, scale, sums, smooth, bias, scratch, m, n, k, width);
  integerProduct(out, x, weight, 0, scale, sums, smooth, bias, scratch, form, m, n, k, width);
}
