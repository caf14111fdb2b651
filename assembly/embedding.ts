import { checkApart, checkDims, checkElements } from './lib/contract';
import { bytes } from './lib/simd';

/** out[r] = table[ids[r]], rows of `cols` elements. Traps on an id outside [0, vocab), in every build. */
export function embedding(out: usize, ids: usize, table: usize, rows: i32, cols: i32, vocab: i32): void {
  checkElements(out | ids | table);
  checkDims(rows, cols, vocab);
  checkApart(out, rows * cols, ids, rows);
  checkApart(out, rows * cols, table, vocab * cols);
  const stride = bytes(cols);
  for (let r = 0; r < rows; r++, ids += 4, out += stride) {
    const id = load<u32>(ids);
    if (id >= <u32>vocab) unreachable();
    memory.copy(out, table + <usize>id * stride, stride);
  }
}
