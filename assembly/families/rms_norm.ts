import { checkApart, checkDims, checkElements, checkInPlace } from '../lib/contract';
import { squaresRow } from '../lib/norm';
import { bytes, load4, store4 } from '../lib/simd';

/** out[r] = x[r] / √(mean of x[r]² + eps) · (offset + weight) over the cols elements of the row. out may be x. */
export function rms_norm(out: usize, x: usize, weight: usize, rows: i32, cols: i32, eps: f32, offset: f32): void {
  checkElements(weight);
  checkDims(rows, cols);
  checkInPlace(out, x, rows * cols);
  checkApart(out, rows * cols, weight, cols);
  const stride = bytes(cols);
  const added = f32x4.splat(offset);
  for (; rows > 0; rows--, out += stride, x += stride) {
    const inverse = f32x4.splat(1 / sqrt<f32>(squaresRow(x, cols, 0) / <f32>cols + eps));
    for (let c = 0; c < cols; c += 4) {
      const at = bytes(c);
      const factor = f32x4.add(added, load4(weight + at, cols - c));
      store4(out + at, f32x4.mul(f32x4.mul(load4(x + at, cols - c), inverse), factor), cols - c);
    }
  }
}
