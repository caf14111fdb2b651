import { checkApart, checkDims, checkElements, checkInPlace } from './lib/contract';
import { normRow } from './lib/norm';
import { bytes } from './lib/simd';

/**
 * out[r] = (x[r] - mean) / √(variance + eps) · weight + bias, mean and (biased) variance over the cols elements of the row.
 * out may be x.
 */
export function layer_norm(out: usize, x: usize, weight: usize, bias: usize, rows: i32, cols: i32, eps: f32): void {
  checkElements(weight | bias);
  checkDims(rows, cols);
  checkInPlace(out, x, rows * cols);
  checkApart(out, rows * cols, weight, cols);
  checkApart(out, rows * cols, bias, cols);
  const stride = bytes(cols);
  for (const end = out + <usize>rows * stride; out < end; out += stride, x += stride) normRow(out, x, weight, bias, cols, eps);
}
