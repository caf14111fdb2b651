import { INTEGER_COLS as COLS, INTEGER_ROWS as ROWS, INTEGER_STRETCH as STRETCH, INTEGER_TILE } from '../../src/ops/limits';
import { dotTile, tileRows, WIDE } from './dots';
import { unpackRows } from './nibbles';
import { bytes, hmax, hmin, hsum, load4, store4 } from './simd';

/*
 * x · wᵀ with integer weights, x quantised on the way: a row at a time, in stretches of STRETCH columns, each to 128 even steps
 * between its smallest and its largest element. With x[i] ≈ low + step · q[i] an element of the result is
 *
 *   bias + Σ over stretches of (step · Σ q[i] w[i]) · scale + low · sums,      sums = scale · Σ w[i] of the stretch
 *
 * Nothing here is fused, so every binary gives the same bits. Scratch, in bytes, for H rows held at once:
 *
 *   0                   H rows of STRETCH activations of one or two bytes
 *   H · 2 · STRETCH     step and low of each row
 *   + H · 8             products of one tile, INTEGER_TILE rows of COLS int32
 *   + PRODUCTS          COLS rows of STRETCH weights, where they are unpacked
 */

const PRODUCTS: usize = INTEGER_TILE * COLS * 4;
const STEPS: f32 = 127;
/** 1.5 · 2^23: added to a number below 2^22, it leaves the nearest whole number in the low bits. */
const ROUND: f32 = 12582912;
const ROUND_BITS = 0x4b400000;
/** Below this a range counts as none: its reciprocal would be infinite. */
const LEAST: f32 = 1.2e-38;

// @ts-ignore: decorator
@inline
function padded(k: i32): i32 {
  return (k + 31) & ~31;
}

/**
 * out = x · wᵀ + bias as above: x [m, k], w [n, k], sums [stretches, n]. Weights are int8, or with `steps` four bits as nibbles.ts draws
 * them. smooth [k] multiplies x first; it and bias [n] may be 0. out overlaps no operand. Rows of out and of sums are `outWidth` floats apart.
 */
export function integerProduct(
  out: usize,
  x: usize,
  weight: usize,
  steps: usize,
  scale: usize,
  sums: usize,
  smooth: usize,
  bias: usize,
  scratch: usize,
  form: i32,
  m: i32,
  n: i32,
  k: i32,
  outWidth: i32,
): void {
  const outStride = bytes(outWidth);
  const ranges = scratch + <usize>min(m, ROWS) * (2 * STRETCH);
  const products = ranges + (<usize>min(m, ROWS) << 3);
  for (; m > 0; m -= ROWS, x += bytes(k) * ROWS, out += outStride * ROWS) {
    const rows = min(m, ROWS);
    startRows(out, outStride, bias, rows, n);
    for (let at = 0; at < k; at += STRETCH) {
      const length = min(k - at, STRETCH);
      const width = padded(length);
      quantizeRows(scratch, ranges, x + bytes(at), bytes(k), smooth == 0 ? 0 : smooth + bytes(at), rows, length);
      for (let col = 0; col < n; col += COLS) {
        const cols = min(n - col, COLS);
        let w = weight + <usize>col * k + at;
        let wStride: usize = k;
        if (steps != 0) {
          w = products + PRODUCTS;
          wStride = width;
          unpackRows(w, weight, steps, col, cols, k, at, width);
        }
        addProducts(out + bytes(col), outStride, scratch, ranges, products, w, wStride, scale + bytes(col), sums + bytes(col), form, rows, cols, width);
      }
      sums += outStride;
    }
    sums -= outStride * <usize>((k + STRETCH - 1) / STRETCH);
  }
}

/** n elements of every row of out as `bias`, or zeros. */
function startRows(out: usize, outStride: usize, bias: usize, rows: i32, n: i32): void {
  for (; rows > 0; rows--, out += outStride) {
    if (bias == 0) memory.fill(out, 0, bytes(n));
    else memory.copy(out, bias, bytes(n));
  }
}

/** Adds the products of a block of columns to out, a tile of rows after the other. */
function addProducts(
  out: usize,
  outStride: usize,
  x: usize,
  ranges: usize,
  products: usize,
  w: usize,
  wStride: usize,
  scale: usize,
  sums: usize,
  form: i32,
  rows: i32,
  cols: i32,
  k: i32,
): void {
  const xStride = <usize>k << (WIDE ? 1 : 0);
  const most = tileRows(form);
  while (rows > 0) {
    const some = rows / ((rows + most - 1) / most);
    dotTile(form, some, products, COLS * 4, x, w, wStride, cols, k);
    for (let r = 0; r < some; r++, out += outStride, ranges += 8) addRow(out, products + r * (COLS * 4), scale, sums, ranges, cols);
    x += xStride * <usize>some;
    rows -= some;
  }
}

/** out += (step · products) · scale + low · sums for one row. */
function addRow(out: usize, products: usize, scale: usize, sums: usize, range: usize, cols: i32): void {
  const step = v128.load_splat<f32>(range);
  const low = v128.load_splat<f32>(range, 4);
  for (; cols >= 4; cols -= 4, out += 16, products += 16, scale += 16, sums += 16)
    v128.store(out, sum4(v128.load(out), v128.load(products), step, v128.load(scale), low, v128.load(sums)));
  if (cols > 0) store4(out, sum4(load4(out, cols), v128.load(products), step, load4(scale, cols), low, load4(sums, cols)), cols);
}

// @ts-ignore: decorator
@inline
function sum4(out: v128, products: v128, step: v128, scale: v128, low: v128, sums: v128): v128 {
  const product = f32x4.mul(f32x4.mul(step, f32x4.convert_i32x4_s(products)), scale);
  return f32x4.add(out, f32x4.add(product, f32x4.mul(low, sums)));
}

/** Quantises `length` columns of each row, zeros behind them up to a multiple of 32. A row with NaN or infinity has such a range. */
function quantizeRows(out: usize, ranges: usize, x: usize, stride: usize, smooth: usize, rows: i32, length: i32): void {
  const outStride = <usize>padded(length) << (WIDE ? 1 : 0);
  for (; rows > 0; rows--, x += stride, out += outStride, ranges += 8) quantizeRow(out, ranges, x, smooth, length);
}

/** The next four elements at x times those at smooth (0: as they are), `rest` behind the last of `left`. */
// @ts-ignore: decorator
@inline
function smoothed(x: usize, smooth: usize, left: i32, rest: v128): v128 {
  const y = smooth == 0 ? load4(x, left) : f32x4.mul(load4(x, left), load4(smooth, left));
  return left >= 4 ? y : v128.bitselect(y, rest, i32x4.gt_s(i32x4.splat(left), i32x4(0, 1, 2, 3)));
}

function quantizeRow(out: usize, range: usize, x: usize, smooth: usize, length: i32): void {
  const zero = f32x4.splat(0);
  const first = f32x4.splat(load<f32>(x) * (smooth == 0 ? <f32>1 : load<f32>(smooth)));
  let lows = first;
  let highs = first;
  let odd = zero;
  for (let left = length, i: usize = 0; left > 0; left -= 4, i += 16) {
    const y = smoothed(x + i, smooth == 0 ? 0 : smooth + i, left, first);
    lows = f32x4.pmin(lows, y);
    highs = f32x4.pmax(highs, y);
    odd = f32x4.add(odd, f32x4.mul(y, zero));
  }
  const low = hmin(lows);
  const width: f32 = hmax(highs) * (1 / STEPS) - low * (1 / STEPS) + hsum(odd);
  store<f32>(range, width);
  store<f32>(range, low, 4);
  const start = f32x4.splat(low);
  const inverse = f32x4.splat(width > LEAST ? 1 / width : 0);
  for (let left = length, todo = padded(length); todo > 0; todo -= 16, left -= 16, x += 64) {
    const a = wholes(x, smooth, left, start, inverse);
    const b = wholes(x + 16, smooth == 0 ? 0 : smooth + 16, left - 4, start, inverse);
    const c = wholes(x + 32, smooth == 0 ? 0 : smooth + 32, left - 8, start, inverse);
    const d = wholes(x + 48, smooth == 0 ? 0 : smooth + 48, left - 12, start, inverse);
    out = storeWholes(out, i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
    if (smooth != 0) smooth += 64;
  }
}

/** (y - start) · inverse to the nearest whole number, 0 behind the last of `left`. */
// @ts-ignore: decorator
@inline
function wholes(x: usize, smooth: usize, left: i32, start: v128, inverse: v128): v128 {
  const y = f32x4.mul(f32x4.sub(smoothed(x, smooth, left, start), start), inverse);
  return i32x4.sub(f32x4.add(y, f32x4.splat(ROUND)), i32x4.splat(ROUND_BITS));
}

/** Stores sixteen activations, none above 127; answers where the next ones go. */
// @ts-ignore: decorator
@inline
function storeWholes(out: usize, low: v128, high: v128): usize {
  if (!WIDE) {
    v128.store(out, i8x16.min_u(i8x16.narrow_i16x8_u(low, high), i8x16.splat(127)));
    return out + 16;
  }
  v128.store(out, i16x8.min_s(low, i16x8.splat(127)));
  v128.store(out, i16x8.min_s(high, i16x8.splat(127)), 16);
  return out + 32;
}
