import { BITS, SIGNED, SIGNED_BY_FLOATS, UNSIGNED } from '../../../src/search/limits';

/*
 * Products of a query with rows. Sums of floats are float64, of which each has four: column c is added to sum c mod 4, and the four
 * become (0 + 1) + (2 + 3). All else is whole numbers, so that every engine and every order gives the same bits.
 */

// @ts-ignore: decorator
@inline
function high(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 2, 3, 0, 1);
}

// @ts-ignore: decorator
@inline
function sumOf(first: v128, second: v128): f64 {
  return f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1) + (f64x2.extract_lane(second, 0) + f64x2.extract_lane(second, 1));
}

// @ts-ignore: decorator
@inline
function wholeSum(x: v128): f64 {
  const pairs = i32x4.add(x, high(x));
  return <f64>(i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1));
}

/** Of a float32 row with a query of float64. */
export function floatDot(query: usize, row: usize, stride: i32): f64 {
  let s = f64x2.splat(0), t = s;
  for (const end = row + stride; row < end; row += 16, query += 32) {
    const x = v128.load(row);
    s = f64x2.add(s, f64x2.mul(f64x2.promote_low_f32x4(x), v128.load(query)));
    t = f64x2.add(t, f64x2.mul(f64x2.promote_low_f32x4(high(x)), v128.load(query, 16)));
  }
  return sumOf(s, t);
}

/** out[r] = about the product of a float32 query with float32 row r, a float32, four rows at once. */
export function roughDots(out: usize, query: usize, row: usize, count: i32, stride: usize): void {
  for (; count > 0; count -= 4, out += 16, row += stride << 2) {
    let s = f32x4.splat(0), t = s, u = s, v = s;
    for (let at: usize = 0; at < stride; at += 16) {
      const q = v128.load(query + at), a = row + at;
      s = f32x4.add(s, f32x4.mul(v128.load(a), q));
      t = f32x4.add(t, f32x4.mul(v128.load(a + stride), q));
      u = f32x4.add(u, f32x4.mul(v128.load(a + (stride << 1)), q));
      v = f32x4.add(v, f32x4.mul(v128.load(a + (stride << 1) + stride), q));
    }
    const left = f32x4.add(v128.shuffle<f32>(s, t, 0, 4, 1, 5), v128.shuffle<f32>(s, t, 2, 6, 3, 7));
    const right = f32x4.add(v128.shuffle<f32>(u, v, 0, 4, 1, 5), v128.shuffle<f32>(u, v, 2, 6, 3, 7));
    v128.store(out, f32x4.add(v128.shuffle<f32>(left, right, 0, 1, 4, 5), v128.shuffle<f32>(left, right, 2, 3, 6, 7)));
  }
}

// @ts-ignore: decorator
@inline
function low8(x: v128, signed: bool): v128 {
  return signed ? i16x8.extend_low_i8x16_s(x) : i16x8.extend_low_i8x16_u(x);
}

// @ts-ignore: decorator
@inline
function high8(x: v128, signed: bool): v128 {
  return signed ? i16x8.extend_high_i8x16_s(x) : i16x8.extend_high_i8x16_u(x);
}

/** Of rows of bytes with a query of int16, two rows at once. */
// @ts-ignore: decorator
@inline
function byteDots(signed: bool, out: usize, query: usize, row: usize, count: i32, stride: usize): void {
  for (; count > 0; count -= 2, out += 16, row += stride << 1) {
    let q = query;
    let s = i32x4.splat(0), t = s;
    for (let a = row, b = row + stride, end = b; a < end; a += 16, b += 16, q += 32) {
      const x = v128.load(a), y = v128.load(b);
      const first = v128.load(q), second = v128.load(q, 16);
      s = i32x4.add(s, i32x4.add(i32x4.dot_i16x8_s(low8(x, signed), first), i32x4.dot_i16x8_s(high8(x, signed), second)));
      t = i32x4.add(t, i32x4.add(i32x4.dot_i16x8_s(low8(y, signed), first), i32x4.dot_i16x8_s(high8(y, signed), second)));
    }
    store<f64>(out, wholeSum(s));
    store<f64>(out, wholeSum(t), 8);
  }
}

function signedDots(out: usize, query: usize, row: usize, count: i32, stride: usize): void {
  byteDots(true, out, query, row, count, stride);
}

function unsignedDots(out: usize, query: usize, row: usize, count: i32, stride: usize): void {
  byteDots(false, out, query, row, count, stride);
}

/** Of rows of bits with a query of bits: how many are the same, less how many are not; `total` bits a row, those of the padding left out. */
function bitDots(out: usize, query: usize, row: usize, count: i32, stride: usize, total: i32): void {
  for (; count > 0; count--, out += 8, row += stride) {
    let s = i32x4.splat(0);
    for (let a = row, q = query, end = row + stride; a < end; a += 16, q += 16) {
      const differing = i8x16.popcnt(v128.xor(v128.load(a), v128.load(q)));
      s = i32x4.add(s, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(differing)));
    }
    store<f64>(out, <f64>total - 2 * wholeSum(s));
  }
}

/** Of rows of bytes with a query of float64. */
// @ts-ignore: decorator
@inline
function mixedDots(signed: bool, out: usize, query: usize, row: usize, count: i32, stride: usize): void {
  for (; count > 0; count--, out += 8, row += stride) {
    let q = query;
    let s = f64x2.splat(0), t = s;
    for (let a = row, end = row + stride; a < end; a += 4, q += 32) {
      const x = i32x4.extend_low_i16x8_s(low8(v128.load32_zero(a), signed));
      s = f64x2.add(s, f64x2.mul(f64x2.convert_low_i32x4_s(x), v128.load(q)));
      t = f64x2.add(t, f64x2.mul(f64x2.convert_low_i32x4_s(high(x)), v128.load(q, 16)));
    }
    store<f64>(out, sumOf(s, t));
  }
}

/** out[r] = the product of a query with row r, for `count` rows of `stride` bytes, as `kind` says, which is not of floats with floats; may write one more. */
export function dots(kind: i32, out: usize, query: usize, row: usize, count: i32, stride: usize, bits: i32): void {
  if (kind == SIGNED) signedDots(out, query, row, count, stride);
  else if (kind == UNSIGNED) unsignedDots(out, query, row, count, stride);
  else if (kind == BITS) bitDots(out, query, row, count, stride, bits);
  else if (kind == SIGNED_BY_FLOATS) mixedDots(true, out, query, row, count, stride);
  else mixedDots(false, out, query, row, count, stride);
}
