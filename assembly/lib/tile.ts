import { finish } from './activation';
import { panelBytes } from './panel';
import { bytes, loadPart, madd, storePart } from './simd';

/** Steps of k after which the next tile has its turn, so that this stretch of the panel stays in the first-level cache. */
const STRETCH = 512;

/**
 * out = activation(x · p + bias) for m rows of x (k floats each) and the n columns that `panels` holds (see panel.ts).
 * Strides are in bytes; bias may be 0. out overlaps no operand.
 *
 * Every element is one sum from 0 over k in order, whatever tile it falls into; bias and activation follow.
 */
export function product(
  out: usize,
  outStride: usize,
  x: usize,
  xStride: usize,
  panels: usize,
  bias: usize,
  activation: i32,
  m: i32,
  n: i32,
  k: i32,
): void {
  const panel = panelBytes(k);
  let done = 0;
  do {
    const steps = min(k - done, STRETCH);
    const last = done + steps == k;
    for (let col = 0; col < n; col += 8) {
      const cols = min(n - col, 8);
      const p = panels + <usize>(col >> 3) * panel + panelBytes(done);
      for (let row = 0; row < m; ) {
        const left = m - row;
        const rows = left / ((left + 5) / 6);
        const to = out + <usize>row * outStride + bytes(col);
        tile(rows, to, outStride, x + <usize>row * xStride + bytes(done), xStride, p, cols, steps, done > 0);
        if (last && (bias != 0 || activation != 0)) finish(to, outStride, rows, cols, bias == 0 ? 0 : bias + bytes(col), activation);
        row += rows;
      }
    }
    done += steps;
  } while (done < k);
}

/** One tile of 1 to 6 rows. */
function tile(rows: i32, out: usize, outStride: usize, a: usize, aStride: usize, b: usize, cols: i32, k: i32, resume: bool): void {
  if (rows == 6) gemm(6, out, outStride, a, aStride, b, cols, k, resume);
  else if (rows == 5) gemm(5, out, outStride, a, aStride, b, cols, k, resume);
  else if (rows == 4) gemm(4, out, outStride, a, aStride, b, cols, k, resume);
  else if (rows == 3) gemm(3, out, outStride, a, aStride, b, cols, k, resume);
  else if (rows == 2) gemm(2, out, outStride, a, aStride, b, cols, k, resume);
  else gemm(1, out, outStride, a, aStride, b, cols, k, resume);
}

/** The first half of a row of the tile. */
// @ts-ignore: decorator
@inline
function loadLow(p: usize, cols: i32): v128 {
  return cols >= 4 ? v128.load(p) : loadPart(p, cols, f32x4.splat(0));
}

/** The second half of a row of the tile. */
// @ts-ignore: decorator
@inline
function loadHigh(p: usize, cols: i32): v128 {
  if (cols == 8) return v128.load(p, 16);
  return cols > 4 ? loadPart(p + 16, cols - 4, f32x4.splat(0)) : f32x4.splat(0);
}

// @ts-ignore: decorator
@inline
function storeRow(p: usize, low: v128, high: v128, cols: i32): void {
  if (cols == 8) {
    v128.store(p, low);
    v128.store(p, high, 16);
  } else storeEdge(p, low, high, cols);
}

/** A row of a tile that has fewer than 8 columns. */
function storeEdge(p: usize, low: v128, high: v128, cols: i32): void {
  if (cols < 4) return storePart(p, low, cols);
  v128.store(p, low);
  if (cols > 4) storePart(p + 16, high, cols - 4);
}

/**
 * The sums of `rows` (a constant) by 8 columns over k steps, c30 and c31 those of row 3, starting from 0 or, where `resume` is set,
 * from what out holds.
 */
// @ts-ignore: decorator
@inline
function gemm(rows: i32, out: usize, outStride: usize, a: usize, aStride: usize, b: usize, cols: i32, k: i32, resume: bool): void {
  let a0 = a;
  let a1 = a0 + aStride;
  let a2 = a1 + aStride;
  let a3 = a2 + aStride;
  let a4 = a3 + aStride;
  let a5 = a4 + aStride;
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  let o = out;
  if (resume) {
    c00 = loadLow(o, cols); c01 = loadHigh(o, cols); o += outStride;
    if (rows > 1) { c10 = loadLow(o, cols); c11 = loadHigh(o, cols); o += outStride; }
    if (rows > 2) { c20 = loadLow(o, cols); c21 = loadHigh(o, cols); o += outStride; }
    if (rows > 3) { c30 = loadLow(o, cols); c31 = loadHigh(o, cols); o += outStride; }
    if (rows > 4) { c40 = loadLow(o, cols); c41 = loadHigh(o, cols); o += outStride; }
    if (rows > 5) { c50 = loadLow(o, cols); c51 = loadHigh(o, cols); }
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
  storeRow(out, c00, c01, cols); out += outStride;
  if (rows > 1) { storeRow(out, c10, c11, cols); out += outStride; }
  if (rows > 2) { storeRow(out, c20, c21, cols); out += outStride; }
  if (rows > 3) { storeRow(out, c30, c31, cols); out += outStride; }
  if (rows > 4) { storeRow(out, c40, c41, cols); out += outStride; }
  if (rows > 5) storeRow(out, c50, c51, cols);
}
