import { PRODUCT_STRETCH as STRETCH } from '../../src/ops/limits';
import { aim, fetch } from './ahead';
import { Half, lower, upper } from './half';
import { panelBytes } from './panel';
import { bytes, load4, madd, store4, storePart, TILE_ROWS } from './simd';

/** Bytes of x that stay in the second-level cache beside the panels. */
const NEAR = 524288;

/**
 * out = x · p + bias for m rows of x (k floats each) and the n columns that `panels` holds (see panel.ts).
 * Strides are in bytes; bias may be 0. out overlaps no operand.
 *
 * Every element is one sum from 0 over k in order, whatever tile it falls into; the bias is added to it. Panels are read front to back
 * where x stays near, and otherwise a stretch of each by turns. The first tile
 * widens those of a `format` of half.ts, stretch by stretch, to scratch, where the others find them.
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
  format: i32 = Half.none,
  scratch: usize = 0,
): void {
  if (m == 0) return;
  const shift = format == Half.none ? 0 : 1;
  const panel = panelBytes(k) >> shift;
  const tiles = (m + TILE_ROWS - 1) / TILE_ROWS;
  const rows = m / tiles;
  const high = (m % tiles) * (rows + 1);
  const depth = m * k > NEAR / 4 ? STRETCH : max(k, 1);
  const pace = aim(panels, depth < k ? 0 : panel * <usize>((n + 7) >> 3), tiles, shift);
  for (let begin = 0; begin == 0 || begin < k; begin += depth) {
    for (let col = 0; col < n; col += 8) {
      const cols = min(n - col, 8);
      if (cols < 8 && begin > 0) break;
      const end = cols < 8 ? k : min(begin + depth, k);
      const p = panels + <usize>(col >> 3) * panel;
      for (let done = begin; done == begin || done < end; ) {
        const steps = cols < 8 ? k : min(end - done, STRETCH);
        const its: usize = bias != 0 && done + steps == k ? bias + bytes(col) : 0;
        const stored = p + (panelBytes(done) >> shift);
        const b = format == Half.none ? stored : scratch;
        let to = out + bytes(col);
        let from = x + bytes(done);
        for (let row = 0; row < m; ) {
          const count = row < high ? rows + 1 : rows;
          if (row > 0 || format == Half.none) tile(count, to, outStride, from, xStride, b, b, its, cols, steps, done > 0, pace);
          else if (format == Half.bfloat16) tileOfBfloat16(count, to, outStride, from, xStride, stored, b, its, cols, steps, done > 0, pace);
          else tileOfRaised(count, to, outStride, from, xStride, stored, b, its, cols, steps, done > 0, pace);
          to += <usize>count * outStride;
          from += <usize>count * xStride;
          row += count;
        }
        done += max(steps, 1);
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

function tile(
  rows: i32,
  out: usize,
  outStride: usize,
  a: usize,
  aStride: usize,
  stored: usize,
  b: usize,
  bias: usize,
  cols: i32,
  k: i32,
  resume: bool,
  pace: usize,
): void {
  tileOf(Half.none, rows, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
}

function tileOfBfloat16(
  rows: i32,
  out: usize,
  outStride: usize,
  a: usize,
  aStride: usize,
  stored: usize,
  b: usize,
  bias: usize,
  cols: i32,
  k: i32,
  resume: bool,
  pace: usize,
): void {
  tileOf(Half.bfloat16, rows, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
}

function tileOfRaised(
  rows: i32,
  out: usize,
  outStride: usize,
  a: usize,
  aStride: usize,
  stored: usize,
  b: usize,
  bias: usize,
  cols: i32,
  k: i32,
  resume: bool,
  pace: usize,
): void {
  tileOf(Half.raised, rows, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
}

/** A tile of 1 to TILE_ROWS rows, and of a constant format. */
// @ts-ignore: decorator
@inline
function tileOf(
  format: i32,
  rows: i32,
  out: usize,
  outStride: usize,
  a: usize,
  aStride: usize,
  stored: usize,
  b: usize,
  bias: usize,
  cols: i32,
  k: i32,
  resume: bool,
  pace: usize,
): void {
  if (TILE_ROWS > 4 && rows == 6) gemm(format, 6, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
  else if (TILE_ROWS > 4 && rows == 5) gemm(format, 5, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
  else if (rows == 4) gemm(format, 4, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
  else if (rows == 3) gemm(format, 3, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
  else if (rows == 2) gemm(format, 2, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
  else gemm(format, 1, out, outStride, a, aStride, stored, b, bias, cols, k, resume, pace);
}

/**
 * The sums of `rows` (a constant) by 8 columns over k steps, c30 and c31 those of row 3. They start from 0 or, where `resume` is
 * set, from what out holds (8 columns then); bias (unless 0) is added at the end. The first `cols` columns are stored. With a `format`
 * (a constant), two steps a word lie at `stored`, are widened as they are read and left at b.
 *
 * Instructions limit tiles of three rows and more, so these take four steps a turn. The tests between steps also keep engines from
 * loading for all four at once, for which there are not enough registers.
 */
// @ts-ignore: decorator
@inline
function gemm(
  format: i32,
  rows: i32,
  out: usize,
  outStride: usize,
  a: usize,
  aStride: usize,
  stored: usize,
  b: usize,
  bias: usize,
  cols: i32,
  k: i32,
  resume: bool,
  pace: usize,
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
  const end = b + panelBytes(k);
  while (b < end) {
    const stop = end - b > pace ? b + pace : end;
    fetch();
    while (b < stop) {
      let b0 = format == Half.none ? v128.load(b) : lower(format, v128.load(stored));
      let b1 = format == Half.none ? v128.load(b, 16) : lower(format, v128.load(stored, 16));
      if (format != Half.none) { v128.store(b, b0); v128.store(b, b1, 16); }
      let s = v128.load_splat<f32>(a0); c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
      if (rows > 1) { s = v128.load_splat<f32>(a1); c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); }
      if (rows > 2) { s = v128.load_splat<f32>(a2); c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); }
      if (rows > 3) { s = v128.load_splat<f32>(a3); c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); }
      if (rows > 4) { s = v128.load_splat<f32>(a4); c40 = madd(s, b0, c40); c41 = madd(s, b1, c41); }
      if (rows > 5) { s = v128.load_splat<f32>(a5); c50 = madd(s, b0, c50); c51 = madd(s, b1, c51); }
      if (rows < 3 && format == Half.none) { b += 32; a0 += 4; a1 += 4; continue; }
      if (b + 32 == stop) break;
      b0 = format == Half.none ? v128.load(b, 32) : upper(format, v128.load(stored));
      b1 = format == Half.none ? v128.load(b, 48) : upper(format, v128.load(stored, 16));
      if (format != Half.none) { v128.store(b, b0, 32); v128.store(b, b1, 48); }
      s = v128.load_splat<f32>(a0, 4); c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
      if (rows > 1) { s = v128.load_splat<f32>(a1, 4); c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); }
      if (rows > 2) { s = v128.load_splat<f32>(a2, 4); c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); }
      if (rows > 3) { s = v128.load_splat<f32>(a3, 4); c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); }
      if (rows > 4) { s = v128.load_splat<f32>(a4, 4); c40 = madd(s, b0, c40); c41 = madd(s, b1, c41); }
      if (rows > 5) { s = v128.load_splat<f32>(a5, 4); c50 = madd(s, b0, c50); c51 = madd(s, b1, c51); }
      if (rows < 3) { b += 64; a0 += 8; a1 += 8; stored += 32; continue; }
      if (b + 64 == stop) break;
      b0 = format == Half.none ? v128.load(b, 64) : lower(format, v128.load(stored, 32));
      b1 = format == Half.none ? v128.load(b, 80) : lower(format, v128.load(stored, 48));
      if (format != Half.none) { v128.store(b, b0, 64); v128.store(b, b1, 80); }
      s = v128.load_splat<f32>(a0, 8); c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
      if (rows > 1) { s = v128.load_splat<f32>(a1, 8); c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); }
      if (rows > 2) { s = v128.load_splat<f32>(a2, 8); c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); }
      if (rows > 3) { s = v128.load_splat<f32>(a3, 8); c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); }
      if (rows > 4) { s = v128.load_splat<f32>(a4, 8); c40 = madd(s, b0, c40); c41 = madd(s, b1, c41); }
      if (rows > 5) { s = v128.load_splat<f32>(a5, 8); c50 = madd(s, b0, c50); c51 = madd(s, b1, c51); }
      if (b + 96 == stop) break;
      b0 = format == Half.none ? v128.load(b, 96) : upper(format, v128.load(stored, 32));
      b1 = format == Half.none ? v128.load(b, 112) : upper(format, v128.load(stored, 48));
      if (format != Half.none) { v128.store(b, b0, 96); v128.store(b, b1, 112); }
      s = v128.load_splat<f32>(a0, 12); c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
      if (rows > 1) { s = v128.load_splat<f32>(a1, 12); c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); }
      if (rows > 2) { s = v128.load_splat<f32>(a2, 12); c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); }
      if (rows > 3) { s = v128.load_splat<f32>(a3, 12); c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); }
      if (rows > 4) { s = v128.load_splat<f32>(a4, 12); c40 = madd(s, b0, c40); c41 = madd(s, b1, c41); }
      if (rows > 5) { s = v128.load_splat<f32>(a5, 12); c50 = madd(s, b0, c50); c51 = madd(s, b1, c51); }
      b += 128;
      stored += 64;
      a0 += 16; a1 += 16; a2 += 16; a3 += 16; a4 += 16; a5 += 16;
    }
    b = stop;
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
