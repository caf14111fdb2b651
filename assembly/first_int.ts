import { checkPooled, copyFirst } from './lib/pool';

/** out[b] = x of the first row of sequence b that mask lets through, an int32; 0 if there is none. */
export function first_int(out: usize, x: usize, mask: usize, starts: usize, batch: i32): void {
  checkPooled(out, x, mask, starts, batch, 1);
  for (let b = 0; b < batch; b++, out += 4, starts += 4) copyFirst(out, x, mask, load<i32>(starts), load<i32>(starts, 4), 1);
}
