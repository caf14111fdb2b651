/**
 * The vector vocabulary of the kernels: four float32 lanes, reduced in one fixed order, and loads and stores of fewer than
 * four elements that touch no other byte. Whether a multiply-add is fused is decided here and nowhere else.
 */

/** x · y + z. One rounding where the relaxed binary runs on fused hardware, two in the baseline binary. */
// @ts-ignore: decorator
@inline
export function madd(x: v128, y: v128, z: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, y, z);
  return f32x4.add(f32x4.mul(x, y), z);
}

/**
 * Rows of the register tile of products (it has 8 columns). Where a multiply-add takes two instructions, the products in between
 * need registers too, and more rows do not fit into the 16 of x86 in every engine.
 */
// @ts-ignore: decorator
@inline
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/**
 * Four lanes of x, for a `let` outside of functions. Engines build a constant vector from three instructions wherever it is used,
 * in loops too; what a global holds takes one.
 */
export function held(x: f32): v128 {
  return f32x4.splat(x);
}

/** Four lanes of these bits, likewise. */
export function heldBits(x: i32): v128 {
  return i32x4.splat(x);
}

/** z - x · y, rounded as `madd`. */
// @ts-ignore: decorator
@inline
export function nmadd(x: v128, y: v128, z: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(x, y, z);
  return f32x4.sub(z, f32x4.mul(x, y));
}

/** (lane 0 + lane 2) + (lane 1 + lane 3). */
// @ts-ignore: decorator
@inline
export function hsum(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** The largest lane; NaN if any lane is. */
// @ts-ignore: decorator
@inline
export function hmax(x: v128): f32 {
  const pairs = f32x4.max(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return max<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** The smallest lane; NaN if any lane is. */
// @ts-ignore: decorator
@inline
export function hmin(x: v128): f32 {
  const pairs = f32x4.min(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return min<f32>(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** The first `count` (at most 3) elements at p; the other lanes are those of `rest`. */
export function loadPart(p: usize, count: i32, rest: v128): v128 {
  if (count <= 0) return rest;
  let x = v128.load_lane<f32>(p, rest, 0);
  if (count > 1) x = v128.load_lane<f32>(p, x, 1, 4);
  if (count > 2) x = v128.load_lane<f32>(p, x, 2, 8);
  return x;
}

/** Stores the first `count` (at most 3) lanes of x. */
export function storePart(p: usize, x: v128, count: i32): void {
  if (count <= 0) return;
  v128.store_lane<f32>(p, x, 0);
  if (count > 1) v128.store_lane<f32>(p, x, 1, 4);
  if (count > 2) v128.store_lane<f32>(p, x, 2, 8);
}

/** The next four elements at p, of `left` that remain; lanes past them are 0. */
// @ts-ignore: decorator
@inline
export function load4(p: usize, left: i32): v128 {
  return left >= 4 ? v128.load(p) : loadPart(p, left, f32x4.splat(0));
}

/** Stores the lanes of x that belong to the `left` elements that remain at p. */
// @ts-ignore: decorator
@inline
export function store4(p: usize, x: v128, left: i32): void {
  if (left >= 4) v128.store(p, x);
  else storePart(p, x, left);
}

/** Bytes of `count` elements of 4 bytes. */
// @ts-ignore: decorator
@inline
export function bytes(count: i32): usize {
  return <usize>count << 2;
}
