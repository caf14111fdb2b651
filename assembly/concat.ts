import { checkApart, checkDims, checkElements } from './lib/contract';
import { bytes } from './lib/simd';

/** out[r] = a[r] then b[r]: rows of a_cols and b_cols elements side by side. out overlaps neither. */
export function concat(out: usize, a: usize, b: usize, rows: i32, a_cols: i32, b_cols: i32): void {
  checkElements(out | a | b);
  checkDims(rows, a_cols, b_cols);
  checkApart(out, rows * (a_cols + b_cols), a, rows * a_cols);
  checkApart(out, rows * (a_cols + b_cols), b, rows * b_cols);
  const left = bytes(a_cols);
  const right = bytes(b_cols);
  for (let r = 0; r < rows; r++, a += left, b += right, out += left + right) {
    memory.copy(out, a, left);
    memory.copy(out + left, b, right);
  }
}
