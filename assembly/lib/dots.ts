/*
 * Integer products of rows with rows. Activations are 0 to 127 and weights -64 to 64, so that no step of any form can saturate and
 * all forms give the same sums:
 *
 *   dot16   activations as int16, weights widened: i32x4.dot_i16x8_s; in the baseline binary, the others in the relaxed one
 *   dot8    i32x4.relaxed_dot_i8x16_i7x16_add_s: one instruction with VNNI or SDOT, three elsewhere
 *   pairs   i16x8.relaxed_dot_i8x16_i7x16_s twice before widening: 4 · 127 · 64 fits int16
 *
 * Rows of activations are padded to a multiple of 32 with zeros. Weights are not: what lies behind a row counts nothing, but must be
 * readable for up to 31 bytes.
 */

/** The numbers by which kernels know the forms, INTEGER_FORMS in src/kernels/integers.ts; one that a binary lacks counts as one that it has. */
export const enum Form {
  dot16 = 0,
  dot8 = 1,
  pairs = 2,
}

/** Whether activations take two bytes each. */
// @ts-ignore: decorator
@inline
export const WIDE: bool = !ASC_FEATURE_RELAXED_SIMD;

// @ts-ignore: decorator
@inline
export function tileRows(form: i32): i32 {
  return !WIDE && form == Form.dot8 ? 6 : 4;
}

/**
 * out[r, c] = x[r] · w[c] for `rows` (at most tileRows) rows of k activations and `cols` rows of weights; k is a multiple of 32.
 * Rows of x follow one another; strides of out and w are in bytes.
 */
export function dotTile(form: i32, rows: i32, out: usize, outStride: usize, x: usize, w: usize, wStride: usize, cols: i32, k: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (form == Form.dot8) dot8(rows, out, outStride, x, w, wStride, cols, k);
    else pairs(rows, out, outStride, x, w, wStride, cols, k);
  } else dot16(rows, out, outStride, x, w, wStride, cols, k);
}

function dot16(rows: i32, out: usize, outStride: usize, x: usize, w: usize, wStride: usize, cols: i32, k: i32): void {
  if (rows == 4) dots(Form.dot16, 4, out, outStride, x, w, wStride, cols, k);
  else if (rows == 3) dots(Form.dot16, 3, out, outStride, x, w, wStride, cols, k);
  else if (rows == 2) dots(Form.dot16, 2, out, outStride, x, w, wStride, cols, k);
  else dots(Form.dot16, 1, out, outStride, x, w, wStride, cols, k);
}

function dot8(rows: i32, out: usize, outStride: usize, x: usize, w: usize, wStride: usize, cols: i32, k: i32): void {
  if (rows == 6) dots(Form.dot8, 6, out, outStride, x, w, wStride, cols, k);
  else if (rows == 5) dots(Form.dot8, 5, out, outStride, x, w, wStride, cols, k);
  else if (rows == 4) dots(Form.dot8, 4, out, outStride, x, w, wStride, cols, k);
  else if (rows == 3) dots(Form.dot8, 3, out, outStride, x, w, wStride, cols, k);
  else if (rows == 2) dots(Form.dot8, 2, out, outStride, x, w, wStride, cols, k);
  else dots(Form.dot8, 1, out, outStride, x, w, wStride, cols, k);
}

function pairs(rows: i32, out: usize, outStride: usize, x: usize, w: usize, wStride: usize, cols: i32, k: i32): void {
  if (rows == 4) dots(Form.pairs, 4, out, outStride, x, w, wStride, cols, k);
  else if (rows == 3) dots(Form.pairs, 3, out, outStride, x, w, wStride, cols, k);
  else if (rows == 2) dots(Form.pairs, 2, out, outStride, x, w, wStride, cols, k);
  else dots(Form.pairs, 1, out, outStride, x, w, wStride, cols, k);
}

/** c + the products of a step, in four partial sums. `high` halves are those of `pairs`. */
// @ts-ignore: decorator
@inline
export function multiply(form: i32, w: v128, wHigh: v128, x: v128, xHigh: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD && form == Form.dot8) return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, c);
  if (ASC_FEATURE_RELAXED_SIMD && form == Form.pairs) {
    const both = i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(w, x), i16x8.relaxed_dot_i8x16_i7x16_s(wHigh, xHigh));
    return i32x4.add(c, i32x4.extadd_pairwise_i16x8_s(both));
  }
  return i32x4.add(c, i32x4.dot_i16x8_s(w, x));
}

// @ts-ignore: decorator
@inline
function weights(form: i32, p: usize): v128 {
  return form == Form.dot16 ? v128.load8x8_s(p) : v128.load(p);
}

/** Stores the sums of the lanes of a and of b beside one another, or that of a alone. */
// @ts-ignore: decorator
@inline
function storeSums(out: usize, a: v128, b: v128, both: bool): void {
  const halves = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7));
  const sums = i32x4.add(halves, v128.shuffle<i32>(halves, halves, 2, 3, 0, 1));
  if (both) v128.store64_lane(out, sums, 0);
  else v128.store32_lane(out, sums, 0);
}

/** Tiles of `rows` (a constant, as `form` is) by two rows of weights, w and v, one after the other; c30 and c31 are the sums of row 3. */
// @ts-ignore: decorator
@inline
function dots(form: i32, rows: i32, out: usize, outStride: usize, x: usize, w: usize, wStride: usize, cols: i32, k: i32): void {
  const wide: bool = form == Form.dot16;
  const stride = <usize>k << (wide ? 1 : 0);
  const xStep: usize = form == Form.pairs ? 32 : 16;
  const wStep: usize = wide ? 8 : xStep;
  for (; cols > 0; cols -= 2, out += 8) {
    const both = cols > 1;
    const next = w + (both ? wStride << 1 : 0);
    let v = both ? w + wStride : w;
    let a0 = x;
    let a1 = a0 + stride;
    let a2 = a1 + stride;
    let a3 = a2 + stride;
    let a4 = a3 + stride;
    let a5 = a4 + stride;
    let c00 = i32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
    let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
    for (const end = w + k; w < end; w += wStep, v += wStep) {
      const w0 = weights(form, w), v0 = weights(form, v);
      const w1 = form == Form.pairs ? v128.load(w, 16) : w0, v1 = form == Form.pairs ? v128.load(v, 16) : v0;
      let s = v128.load(a0), t = form == Form.pairs ? v128.load(a0, 16) : s;
      c00 = multiply(form, w0, w1, s, t, c00); c01 = multiply(form, v0, v1, s, t, c01); a0 += xStep;
      if (rows > 1) { s = v128.load(a1); t = form == Form.pairs ? v128.load(a1, 16) : s; c10 = multiply(form, w0, w1, s, t, c10); c11 = multiply(form, v0, v1, s, t, c11); a1 += xStep; }
      if (rows > 2) { s = v128.load(a2); t = form == Form.pairs ? v128.load(a2, 16) : s; c20 = multiply(form, w0, w1, s, t, c20); c21 = multiply(form, v0, v1, s, t, c21); a2 += xStep; }
      if (rows > 3) { s = v128.load(a3); t = form == Form.pairs ? v128.load(a3, 16) : s; c30 = multiply(form, w0, w1, s, t, c30); c31 = multiply(form, v0, v1, s, t, c31); a3 += xStep; }
      if (rows > 4) { s = v128.load(a4); c40 = multiply(form, w0, w1, s, s, c40); c41 = multiply(form, v0, v1, s, s, c41); a4 += xStep; }
      if (rows > 5) { s = v128.load(a5); c50 = multiply(form, w0, w1, s, s, c50); c51 = multiply(form, v0, v1, s, s, c51); a5 += xStep; }
    }
    w = next;
    let o = out;
    storeSums(o, c00, c01, both); o += outStride;
    if (rows > 1) { storeSums(o, c10, c11, both); o += outStride; }
    if (rows > 2) { storeSums(o, c20, c21, both); o += outStride; }
    if (rows > 3) { storeSums(o, c30, c31, both); o += outStride; }
    if (rows > 4) { storeSums(o, c40, c41, both); o += outStride; }
    if (rows > 5) { storeSums(o, c50, c51, both); o += outStride; }
  }
}
