import { checkApart, checkDims, checkElements, checkInPlace } from './lib/contract';
import { bytes, load4, store4 } from './lib/simd';

/** out[r] = x[r] + table[ids[r]], rows of `cols` elements; out may be x. Traps on an id outside [0, vocab), in every build. */
export function embedding_add(out: usize, x: usize, ids: usize, table: usize, rows: i32, cols: i32, vocab: i32): void {
  checkElements(ids | table);
  checkDims(rows, cols, vocab);
  checkInPlace(out, x, rows * cols);
  checkApart(out, rows * cols, ids, rows);
  checkApart(out, rows * cols, table, vocab * cols);
  const stride = bytes(cols);
  for (let r = 0; r < rows; r++, ids += 4, out += stride, x += stride) {
    const id = load<u32>(ids);
    if (id >= <u32>vocab) unreachable();
    const row = table + <usize>id * stride;
    let i: usize = 0;
    for (let left = cols; left > 0; left -= 4, i += 16) store4(out + i, f32x4.add(load4(x + i, left), load4(row + i, left)), left);
  }
}
