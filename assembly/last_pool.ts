import { checkPooled, isKept } from './lib/pool';
import { bytes } from './lib/simd';

/** out[b] = the last row of sequence b that mask lets through; zeros if there is none. */
export function last_pool(out: usize, x: usize, mask: usize, starts: usize, batch: i32, cols: i32): void {
  checkPooled(out, x, mask, starts, batch, cols);
  const stride = bytes(cols);
  for (let b = 0; b < batch; b++, out += stride, starts += 4) {
    const begin = load<i32>(starts);
    let last = load<i32>(starts, 4) - 1;
    while (last >= begin && !isKept(mask, last)) last--;
    if (last < begin) memory.fill(out, 0, stride);
    else memory.copy(out, x + <usize>last * stride, stride);
  }
}
