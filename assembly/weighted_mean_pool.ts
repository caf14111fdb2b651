import { checkElements } from './lib/contract';
import { addWeighted, checkPooled, divideRow, firstKept, isKept } from './lib/pool';
import { bytes } from './lib/simd';

/**
 * out[b] = the weighted mean over the rows of sequence b that mask lets through, added in order; zeros if there are none. Weights are 1 for the
 * first row that `origin` (like mask) lets through, and grow by 1 a row.
 */
export function weighted_mean_pool(out: usize, x: usize, mask: usize, origin: usize, starts: usize, batch: i32, cols: i32): void {
  checkElements(origin);
  checkPooled(out, x, mask, starts, batch, cols);
  const stride = bytes(cols);
  for (let b = 0; b < batch; b++, out += stride, starts += 4) {
    const begin = load<i32>(starts);
    const end = load<i32>(starts, 4);
    const first = firstKept(origin, begin, end);
    let total: f32 = 0;
    memory.fill(out, 0, stride);
    for (let r = begin; r < end; r++)
      if (isKept(mask, r)) {
        const weight = <f32>(r - first + 1);
        addWeighted(out, x + <usize>r * stride, weight, cols);
        total += weight;
      }
    divideRow(out, total, cols);
  }
}
