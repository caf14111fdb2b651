import { bytes, loadPart } from './simd';

/*
 * A panel holds 8 columns of a matrix that is multiplied from the right, row after row, so that a tile reads it front to back:
 *
 *   byte       0    4    8         28   32   36
 *   element  [0,0][0,1][0,2] … [0,7] [1,0][1,1] …        [row, column], `k` rows
 */

/** Four elements of row r of x, zeros if it has no such row. */
// @ts-ignore: decorator
@inline
function rowPart(x: usize, stride: usize, r: i32, rows: i32): v128 {
  return r < rows ? v128.load(x + <usize>r * stride) : f32x4.splat(0);
}

/** Writes a 4x4 block, given by rows a0..a3, as columns: four rows of half a panel. */
// @ts-ignore: decorator
@inline
function transpose4x4(out: usize, a0: v128, a1: v128, a2: v128, a3: v128): void {
  const b0 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
  const b1 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
  const b2 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
  const b3 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f64>(b0, b1, 0, 2));
  v128.store(out, v128.shuffle<f64>(b0, b1, 1, 3), 32);
  v128.store(out, v128.shuffle<f64>(b2, b3, 0, 2), 64);
  v128.store(out, v128.shuffle<f64>(b2, b3, 1, 3), 96);
}

/** Writes the panel (k x 8 floats) whose columns are `rows` (1 to 8) rows of x, each of k floats, zeros where rows are missing. */
export function panelOfRows(out: usize, x: usize, stride: usize, rows: i32, k: i32): void {
  for (; k >= 4; k -= 4, x += 16, out += 128) {
    transpose4x4(out, v128.load(x), rowPart(x, stride, 1, rows), rowPart(x, stride, 2, rows), rowPart(x, stride, 3, rows));
    const y = x + (stride << 2);
    if (rows > 4)
      transpose4x4(out + 16, v128.load(y), rowPart(y, stride, 1, rows - 4), rowPart(y, stride, 2, rows - 4), rowPart(y, stride, 3, rows - 4));
    else transpose4x4(out + 16, f32x4.splat(0), f32x4.splat(0), f32x4.splat(0), f32x4.splat(0));
  }
  for (; k > 0; k--, x += 4)
    for (let r = 0; r < 8; r++, out += 4) store<f32>(out, r < rows ? load<f32>(x + <usize>r * stride) : 0);
}

/** Writes the panel (k x 8 floats) whose columns are `cols` (1 to 8) columns of x, k rows long, zeros where columns are missing. */
export function panelOfColumns(out: usize, x: usize, stride: usize, cols: i32, k: i32): void {
  for (; k > 0; k--, x += stride, out += 32) {
    v128.store(out, cols >= 4 ? v128.load(x) : loadPart(x, cols, f32x4.splat(0)));
    v128.store(out, cols == 8 ? v128.load(x, 16) : cols > 4 ? loadPart(x + 16, cols - 4, f32x4.splat(0)) : f32x4.splat(0), 16);
  }
}

/** Bytes of a panel. */
// @ts-ignore: decorator
@inline
export function panelBytes(k: i32): usize {
  return bytes(k) << 3;
}
