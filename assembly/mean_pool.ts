import { checkApart, checkDims, checkElements, checkRowsApart, checkStarts } from './lib/contract';
import { addRow } from './lib/norm';
import { bytes, load4, store4 } from './lib/simd';

/** Divisor of a sequence without rows, as in sentence-transformers. */
const LEAST: f32 = 1e-9;

/**
 * out[b] = the mean over rows starts[b] … starts[b + 1] of x whose mask (an int32 a row, pointer 0: all) is not 0; zeros if there
 * are none. Rows of cols elements, added in order. out overlaps no operand.
 */
export function mean_pool(out: usize, x: usize, mask: usize, starts: usize, batch: i32, cols: i32): void {
  checkElements(out | x | mask);
  checkDims(batch, cols);
  checkStarts(starts, batch, i32.MAX_VALUE);
  checkApart(out, batch * cols, starts, batch + 1);
  checkRowsApart(out, batch * cols, x, starts, batch, cols, cols);
  const stride = bytes(cols);
  for (let b = 0; b < batch; b++, out += stride, starts += 4) {
    const end = load<i32>(starts, 4);
    let count: f32 = 0;
    memory.fill(out, 0, stride);
    for (let r = load<i32>(starts); r < end; r++)
      if (mask == 0 || load<i32>(mask + bytes(r)) != 0) {
        addRow(out, out, x + <usize>r * stride, cols);
        count += 1;
      }
    const divisor = f32x4.splat(max<f32>(count, LEAST));
    let at = out;
    for (let left = cols; left > 0; left -= 4, at += 16) store4(at, f32x4.div(load4(at, left), divisor), left);
  }
}
