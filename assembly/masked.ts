import { checkDims, checkElements, checkInPlace } from './lib/contract';
import { bytes } from './lib/simd';

/** out[r] = x[r] where mask[r] is not 0, zeros elsewhere, for rows of cols floats. out may be x. */
export function masked(out: usize, x: usize, mask: usize, rows: i32, cols: i32): void {
  checkDims(rows, cols);
  checkInPlace(out, x, rows * cols);
  checkElements(mask);
  const stride = bytes(cols);
  for (; rows > 0; rows--, x += stride, out += stride, mask += 4)
    if (load<i32>(mask) == 0) memory.fill(out, 0, stride);
    else if (out != x) memory.copy(out, x, stride);
}
