import { checkApart, checkDims, checkElements, checkInPlace } from './contract';
import { widenRow } from './half';
import { bytes } from './simd';

/** out[r] = table[ids[r]], added to x[r] unless x is 0, for a table of one of the formats of lib/half.ts. */
export function lookUp(format: i32, out: usize, x: usize, ids: usize, table: usize, rows: i32, cols: i32, vocab: i32): void {
  checkElements(out | ids);
  assert((table & 1) == 0, 'pointer to a table is not a multiple of 2');
  checkDims(rows, cols, vocab);
  if (x != 0) checkInPlace(out, x, rows * cols);
  checkApart(out, rows * cols, ids, rows);
  checkApart(out, rows * cols, table, (vocab * cols + 1) >> 1);
  const stride = bytes(cols);
  for (; rows > 0; rows--, ids += 4, out += stride) {
    const id = load<u32>(ids);
    if (id >= <u32>vocab) unreachable();
    widenRow(format, out, x, table + ((<usize>id * cols) << 1), cols);
    if (x != 0) x += stride;
  }
}
