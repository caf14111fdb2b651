import { checkApart, checkDims, checkElements } from './lib/contract';
import { expandRow } from './lib/expand';
import { bytes } from './lib/simd';

/** out[r] = table[ids[r]] · scale[ids[r]], rows of `cols` int8. Traps on an id outside [0, vocab), in every build. */
export function embedding_i8(out: usize, ids: usize, table: usize, scale: usize, rows: i32, cols: i32, vocab: i32): void {
  checkElements(out | ids | scale);
  checkDims(rows, cols, vocab);
  checkApart(out, rows * cols, ids, rows);
  for (; rows > 0; rows--, ids += 4, out += bytes(cols)) {
    const id = load<u32>(ids);
    if (id >= <u32>vocab) unreachable();
    expandRow(out, table + <usize>id * cols, load<f32>(scale + (<usize>id << 2)), cols);
  }
}
