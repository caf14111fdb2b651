import { checkApart, checkDims, checkElements, checkWide } from './lib/contract';
import { expandRow } from './lib/expand';
import { unpackRows } from './lib/nibbles';
import { bytes } from './lib/simd';

/**
 * out[r] = table[ids[r]] · scale[ids[r]], rows of `cols` weights of four bits with steps as lib/nibbles.ts draws them; scratch holds one
 * unpacked row. Traps on an id outside [0, vocab), in every build.
 */
export function embedding_i4(
  out: usize,
  ids: usize,
  table: usize,
  steps: usize,
  scale: usize,
  scratch: usize,
  rows: i32,
  cols: i32,
  vocab: i32,
): void {
  checkElements(out | ids | scale);
  checkWide(scratch);
  checkDims(rows, cols, vocab);
  checkApart(out, rows * cols, ids, rows);
  for (; rows > 0; rows--, ids += 4, out += bytes(cols)) {
    const id = load<u32>(ids);
    if (id >= <u32>vocab) unreachable();
    unpackRows(scratch, table, steps, id, 1, cols, 0, cols);
    expandRow(out, scratch, load<f32>(scale + (<usize>id << 2)), cols);
  }
}
