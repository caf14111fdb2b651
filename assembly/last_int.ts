import { checkPooled, copyLast } from './lib/pool';

/** out[b] = x of the last row of sequence b that mask lets through, an int32; 0 if there is none. */
export function last_int(out: usize, x: usize, mask: usize, starts: usize, batch: i32): void {
  checkPooled(out, x, mask, starts, batch, 1);
  for (let b = 0; b < batch; b++, out += 4, starts += 4) copyLast(out, x, mask, load<i32>(starts), load<i32>(starts, 4), 1);
}
