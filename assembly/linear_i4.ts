import { checkInteger } from './lib/contract';
import { integerProduct } from './lib/integer';

/** `linear_i8` with weights of four bits and a step for each 32 of them, as lib/nibbles.ts draws them: weight [n, k / 2], steps [n, k / 32]. */
export function linear_i4(
  out: usize,
  x: usize,
  weight: usize,
  steps: usize,
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
  integerProduct(out, x, weight, steps, scale, sums, smooth, bias, scratch, form, m, n, k, width);
}
