import { checkApart, checkDims, checkElements, checkInPlace } from './lib/contract';
import { addRow, normRow } from './lib/norm';
import { bytes } from './lib/simd';

/** out = layer_norm(x + residual), the bits of `add` followed by `layer_norm`. out may be x, not residual. */
export function add_layer_norm(
  out: usize,
  x: usize,
  residual: usize,
  weight: usize,
  bias: usize,
  rows: i32,
  cols: i32,
  eps: f32,
): void {
  checkElements(residual | weight | bias);
  checkDims(rows, cols);
  checkInPlace(out, x, rows * cols);
  checkApart(out, rows * cols, residual, rows * cols);
  checkApart(out, rows * cols, weight, cols);
  checkApart(out, rows * cols, bias, cols);
  const stride = bytes(cols);
  for (const end = out + <usize>rows * stride; out < end; out += stride, x += stride, residual += stride) {
    addRow(out, x, residual, cols);
    normRow(out, out, weight, bias, cols, eps);
  }
}
