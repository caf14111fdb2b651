import { checkPooled, copyLast } from './lib/pool';
import { bytes } from './lib/simd';

/** out[b] = the last row of sequence b that mask lets through; zeros if there is none. */
export function last_pool(out: usize, x: usize, mask: usize, starts: usize, batch: i32, cols: i32): void {
  checkPooled(out, x, mask, starts, batch, cols);
  for (let b = 0; b < batch; b++, out += bytes(cols), starts += 4) copyLast(out, x, mask, load<i32>(starts), load<i32>(starts, 4), cols);
}
