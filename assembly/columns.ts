import { checkApart, checkDims, checkElements } from './lib/contract';
import { bytes } from './lib/simd';

/** out[r] = x[r, from .. from + count] for rows of cols floats. */
export function columns(out: usize, x: usize, rows: i32, cols: i32, from: i32, count: i32): void {
  checkElements(out | x);
  checkDims(rows, cols, from, count);
  assert(from + count <= cols, 'columns behind the last');
  checkApart(out, rows * count, x, rows * cols);
  const length = bytes(count);
  for (x += bytes(from); rows > 0; rows--, x += bytes(cols), out += length) memory.copy(out, x, length);
}
