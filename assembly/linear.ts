import { Half } from './lib/half';
import { activatedProduct } from './lib/linear';

/**
 * out = activation(x · weightᵀ + bias): x [m, k], weight [n, k] as `panels` leaves it, bias [n] or 0, out [m, n].
 * `activation` is a number of the `epilogue` column; its result has the bits of that op applied afterwards.
 * Every element is one sum over k in order to which the bias is added, so a row's bits do not depend on m. out overlaps no operand.
 * Its rows are `width` floats apart, n unless they are columns of a wider result.
 */
export function linear(out: usize, x: usize, weight: usize, bias: usize, activation: i32, m: i32, n: i32, k: i32, width: i32): void {
  activatedProduct(Half.none, out, x, weight, bias, activation, 0, m, n, k, width);
}
