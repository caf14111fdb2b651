import { Half } from '../lib/half';
import { activatedProduct } from '../lib/linear';

/** `linear` with a weight of float16 below 128, raised as lib/half.ts says, and the bits that it has with the same numbers in float32. `panels` takes two columns of its rows, k of them and k even, for one word. */
export function linear_f16(
  out: usize,
  x: usize,
  weight: usize,
  bias: usize,
  activation: i32,
  scratch: usize,
  m: i32,
  n: i32,
  k: i32,
  width: i32,
): void {
  activatedProduct(Half.raised, out, x, weight, bias, activation, scratch, m, n, k, width);
}
