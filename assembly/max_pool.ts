import { checkPooled, copyFirst, isKept } from './lib/pool';
import { bytes, load4, store4 } from './lib/simd';

/** out[b] = the largest of each column over the rows of sequence b that mask lets through, NaN where one is; zeros if there are none. */
export function max_pool(out: usize, x: usize, mask: usize, starts: usize, batch: i32, cols: i32): void {
  checkPooled(out, x, mask, starts, batch, cols);
  const stride = bytes(cols);
  for (let b = 0; b < batch; b++, out += stride, starts += 4) {
    const end = load<i32>(starts, 4);
    const first = copyFirst(out, x, mask, load<i32>(starts), end, cols);
    for (let r = first + 1; r < end; r++) if (isKept(mask, r)) maxRow(out, x + <usize>r * stride, cols);
  }
}

/** out = the larger of out and x for one row. */
function maxRow(out: usize, x: usize, cols: i32): void {
  for (; cols > 0; cols -= 4, out += 16, x += 16) store4(out, f32x4.max(load4(out, cols), load4(x, cols)), cols);
}
