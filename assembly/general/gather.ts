import { checkApart, checkDims, checkElements } from '../lib/contract';
import { bytes } from '../lib/simd';

/**
 * out[r, i] = x[r, ids[r, i]] for rows of cols elements of 4 bytes, whatever they hold, and of `count` ids. Traps on an id outside [0, cols), in
 * every build. out overlaps no operand.
 */
export function gather(out: usize, x: usize, ids: usize, rows: i32, cols: i32, count: i32): void {
  checkElements(out | x | ids);
  checkDims(rows, cols, count);
  checkApart(out, rows * count, x, rows * cols);
  checkApart(out, rows * count, ids, rows * count);
  for (; rows > 0; rows--, x += bytes(cols))
    for (let i = 0; i < count; i++, out += 4, ids += 4) {
      const id = load<u32>(ids);
      if (id >= <u32>cols) unreachable();
      store<f32>(out, load<f32>(x + bytes(id)));
    }
}
