import { checkDims, checkInPlace } from './lib/contract';
import { squaresRow } from './lib/norm';
import { bytes, load4, store4 } from './lib/simd';

/** out[r] = x[r] / max(‖x[r]‖₂, eps), rows of cols elements; out may be x. */
export function l2_normalize(out: usize, x: usize, rows: i32, cols: i32, eps: f32): void {
  checkDims(rows, cols);
  checkInPlace(out, x, rows * cols);
  if (cols == 0) return;
  for (let r = 0; r < rows; r++) {
    const divisor = f32x4.splat(max<f32>(sqrt<f32>(squaresRow(x, cols, 0)), eps));
    for (let left = cols; left > 0; left -= 4) {
      store4(out, f32x4.div(load4(x, left), divisor), left);
      const step = bytes(min(left, 4));
      out += step;
      x += step;
    }
  }
}
