import { checkPooled, firstKept } from './lib/pool';
import { bytes } from './lib/simd';

/** out[b] = the first row of sequence b that mask lets through; zeros if there is none. */
export function first_pool(out: usize, x: usize, mask: usize, starts: usize, batch: i32, cols: i32): void {
  checkPooled(out, x, mask, starts, batch, cols);
  const stride = bytes(cols);
  for (let b = 0; b < batch; b++, out += stride, starts += 4) {
    const end = load<i32>(starts, 4);
    const first = firstKept(mask, load<i32>(starts), end);
    if (first == end) memory.fill(out, 0, stride);
    else memory.copy(out, x + <usize>first * stride, stride);
  }
}
