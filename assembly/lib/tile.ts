import { panelBytes } from './panel';
import { bytes, load4, madd, store4, storePart, TILE_ROWS } from './simd';

/** Steps of k after which the next tile has its turn, so that this stretch of the panel stays in the first-level cache. */
const STRETCH = 512;

/**
 * out = x · p + bias for m rows of x (k floats each) and the n columns that `panels` holds (see panel.ts).
 * Strides are in bytes; bias may be 0. out overlaps no operand.
 *
 * Every element is one sum from 0 over k in order, whatever tile it falls into; the bias is added to it.
 */
export function product(
  out: usize,
  outStride: usize,
  x: usize,
  xStride: usize,
  panels: usize,
  bias: usize,
  m: i32,
  n: i32,
  k: i32,
): void {
  const panel = panelBytes(k);
  for (let done = 0; done == 0 || done < k; done += STRETCH) {
    for (let col = 0; col < n; col += 8) {
      const cols = min(n - col, 8);
      if (cols < 8 && done > 0) break;
      const steps = cols < 8 ? k : min(k - done, STRETCH);
      const its: usize = bias != 0 && done + steps == k ? bias + bytes(col) : 0;
      const p = panels + <usize>(col >> 3) * panel + panelBytes(done);
      let to = out + bytes(col);
      let from = x + bytes(done);
      for (let left = m; left > 0; ) {
        const rows = left / ((left + TILE_ROWS - 1) / TILE_ROWS);
        tile(rows, to, outStride, from, xStride, p, its, cols, steps, done > 0);
        to += <usize>rows * outStride;
        from += <usize>rows * xStride;
        left -= rows;
      }
    }
  }
}

/** The floats of a row of a tile at the right edge. */
function storeEdge(out: usize, low: v128, high: v128, cols: i32): void {
  store4(out, low, cols);
  storePart(out + 16, high, cols - 4);
}

// @ts-ignore: decorator
@inline
function storeRow(out: usize, low: v128, high: v128, cols: i32): void {
  if (cols == 8) {
    v128.store(out, low);
    v128.store(out, high, 16);
  } else storeEdge(out, low, high, cols);
}

/** A tile of 1 to TILE_ROWS rows. */
function tile(
  rows: i32,
  out: usize,
  outStride: usize,
  a: usize,
  aStride: usize,
  b: usize,
  bias: usize,
  cols: i32,
  k: i32,
  resume: bool,
): void {
  if (TILE_ROWS > 4 && rows == 6) gemm(6, out, outStride, a, aStride, b, bias, cols, k, resume);
  else if (TILE_ROWS > 4 && rows == 5) gemm(5, out, outStride, a, aStride, b, bias, cols, k, resume);
  else if (rows == 4) gemm(4, out, outStride, a, aStride, b, bias, cols, k, resume);
  else if (rows == 3) gemm(3, out, outStride, a, aStride, b, bias, cols, k, resume);
  else if (rows == 2) gemm(2, out, outStride, a, aStride, b, bias, cols, k, resume);
  else gemm(1, out, outStride, a, aStride, b, bias, cols, k, resume);
}

/**
 * The sums of `rows` (a constant) by 8 columns over k steps, c30 and c31 those of row 3. They start from 0 or, where `resume` is
 * set, from what out holds (8 columns then); bias (unless 0) is added at the end. The first `cols` columns are stored.
 */
// @ts-ignore: decorator
@inline
function gemm(
  rows: i32,
  out: usize,
  outStride: usize,
  a: usize,
  aStride: usize,
  b: usize,
  bias: usize,
  cols: i32,
  k: i32,
  resume: bool,
): void {
  let a0 = a;
  let a1 = a0 + aStride;
  let a2 = a1 + aStride;
  let a3 = a2 + aStride;
  let a4 = a3 + aStride;
  let a5 = a4 + aStride;
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  if (resume) {
    let o = out;
    c00 = v128.load(o); c01 = v128.load(o, 16); o += outStride;
    if (rows > 1) { c10 = v128.load(o); c11 = v128.load(o, 16); o += outStride; }
    if (rows > 2) { c20 = v128.load(o); c21 = v128.load(o, 16); o += outStride; }
    if (rows > 3) { c30 = v128.load(o); c31 = v128.load(o, 16); o += outStride; }
    if (rows > 4) { c40 = v128.load(o); c41 = v128.load(o, 16); o += outStride; }
    if (rows > 5) { c50 = v128.load(o); c51 = v128.load(o, 16); o += outStride; }
  }
  for (const end = b + panelBytes(k); b < end; b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a0); c00 = madd(s, b0, c00); c01 = madd(s, b1, c01); a0 += 4;
    if (rows > 1) { s = v128.load_splat<f32>(a1); c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); a1 += 4; }
    if (rows > 2) { s = v128.load_splat<f32>(a2); c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); a2 += 4; }
    if (rows > 3) { s = v128.load_splat<f32>(a3); c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); a3 += 4; }
    if (rows > 4) { s = v128.load_splat<f32>(a4); c40 = madd(s, b0, c40); c41 = madd(s, b1, c41); a4 += 4; }
    if (rows > 5) { s = v128.load_splat<f32>(a5); c50 = madd(s, b0, c50); c51 = madd(s, b1, c51); a5 += 4; }
  }
  if (bias != 0) {
    const bias0 = load4(bias, cols);
    const bias1 = load4(bias + 16, cols - 4);
    c00 = f32x4.add(c00, bias0); c01 = f32x4.add(c01, bias1);
    if (rows > 1) { c10 = f32x4.add(c10, bias0); c11 = f32x4.add(c11, bias1); }
    if (rows > 2) { c20 = f32x4.add(c20, bias0); c21 = f32x4.add(c21, bias1); }
    if (rows > 3) { c30 = f32x4.add(c30, bias0); c31 = f32x4.add(c31, bias1); }
    if (rows > 4) { c40 = f32x4.add(c40, bias0); c41 = f32x4.add(c41, bias1); }
    if (rows > 5) { c50 = f32x4.add(c50, bias0); c51 = f32x4.add(c51, bias1); }
  }
  storeRow(out, c00, c01, cols); out += outStride;
  if (rows > 1) { storeRow(out, c10, c11, cols); out += outStride; }
  if (rows > 2) { storeRow(out, c20, c21, cols); out += outStride; }
  if (rows > 3) { storeRow(out, c30, c31, cols); out += outStride; }
  if (rows > 4) { storeRow(out, c40, c41, cols); out += outStride; }
  if (rows > 5) { storeRow(out, c50, c51, cols); out += outStride; }
}
