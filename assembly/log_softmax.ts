import { checkDims, checkInPlace } from './lib/contract';
import { logOf } from './lib/log';
import { bytes, load4, store4 } from './lib/simd';
import { maxRow, sumExp } from './lib/softmax';

/** out[r] = (x[r] - max) - log(Σ exp(x[r] - max)), rows of cols elements; out may be x. A row with NaN or ∞, or of -∞ alone, is NaN. */
export function log_softmax(out: usize, x: usize, rows: i32, cols: i32): void {
  checkDims(rows, cols);
  checkInPlace(out, x, rows * cols);
  const stride = bytes(cols);
  for (const end = out + <usize>rows * stride; out < end; out += stride, x += stride) {
    const peak = maxRow(x, cols);
    const logs = f32x4.splat(logOf(sumExp(0, x, cols, peak, false)));
    const peaks = f32x4.splat(peak);
    let i: usize = 0;
    for (let left = cols; left > 0; left -= 4, i += 16) store4(out + i, f32x4.sub(f32x4.sub(load4(x + i, left), peaks), logs), left);
  }
}
