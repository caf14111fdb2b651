import { checkDims, checkElements } from './lib/contract';
import { expandRow } from './lib/expand';
import { bytes } from './lib/simd';

/**
 * out[r, c] = x[r, c] · scale[r], x int8. x may be the last quarter of out's bytes, as it is where a weight was read to the end of
 * its own room: elements are taken front to back, so nothing is overwritten unread. No other overlap.
 */
export function dequantize(out: usize, x: usize, scale: usize, rows: i32, cols: i32): void {
  checkElements(out | scale);
  checkDims(rows, cols);
  assert(
    out + bytes(rows * cols) <= x || x + rows * cols <= out || x == out + 3 * <usize>(rows * cols),
    'x overlaps the result but is not its last quarter',
  );
  assert(scale + bytes(rows) <= out || out + bytes(rows * cols) <= scale, 'scale overlaps the result');
  for (; rows > 0; rows--, scale += 4, x += cols, out += bytes(cols)) expandRow(out, x, load<f32>(scale), cols);
}
