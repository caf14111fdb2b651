import { checkApart, checkDims, checkElements } from './lib/contract';
import { bytes } from './lib/simd';

/** out[index[r]] = x[r] for `rows` rows of `cols` floats; zeros in the others of `total` rows. out overlaps no operand. */
export function scatter(out: usize, x: usize, index: usize, rows: i32, cols: i32, total: i32, batch: i32, sequence: i32): void {
  checkElements(out | x | index);
  checkDims(rows, cols, total);
  assert(batch * sequence == total, 'total is not batch times sequence');
  checkApart(out, total * cols, x, rows * cols);
  checkApart(out, total * cols, index, rows);
  const stride = bytes(cols);
  memory.fill(out, 0, stride * <usize>total);
  for (; rows > 0; rows--, x += stride, index += 4) memory.copy(out + <usize>load<i32>(index) * stride, x, stride);
}
