import { checkPooled, divideRow, sumKept } from './lib/pool';
import { bytes } from './lib/simd';

/** out[b] = the mean over the rows of sequence b that mask lets through, added in order; zeros if there are none. */
export function mean_pool(out: usize, x: usize, mask: usize, starts: usize, batch: i32, cols: i32): void {
  checkPooled(out, x, mask, starts, batch, cols);
  for (let b = 0; b < batch; b++, out += bytes(cols), starts += 4) {
    const count = sumKept(out, x, mask, load<i32>(starts), load<i32>(starts, 4), cols);
    divideRow(out, count, cols);
  }
}
