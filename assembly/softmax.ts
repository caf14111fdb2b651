import { checkDims, checkInPlace } from './lib/contract';
import { bytes } from './lib/simd';
import { maxRow, softmaxRow } from './lib/softmax';

/** out[r] = exp(x[r] - max) / Σ exp(x[r] - max), rows of cols elements; out may be x. A row with NaN or ∞, or of -∞ alone, is NaN. */
export function softmax(out: usize, x: usize, rows: i32, cols: i32): void {
  checkDims(rows, cols);
  checkInPlace(out, x, rows * cols);
  const stride = bytes(cols);
  for (const end = out + <usize>rows * stride; out < end; out += stride, x += stride) softmaxRow(out, x, cols, maxRow(x, cols));
}
