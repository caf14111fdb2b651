import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { checkDims, checkElements, checkStarts, checkWide } from './contract';
import { panelBytes, panelOfColumns, panelOfRows } from './panel';
import { bytes, hmax, loadPart, storePart } from './simd';
import { softmaxRow } from './softmax';
import { product } from './tile';

/*
 * Scratch, in floats, for sequences of at most `longest` rows (L is longest rounded up to 8, D is head_dim rounded up to 8):
 *
 *   0               one head's keys, panels of 8 rows
 *   L · head_dim    one head's values, panels of 8 columns
 *   + longest · D   scores of one block of queries, rows of K floats: K is the sequence's number of keys rounded up to 8
 *   + BLOCK · L
 */

/** Score of a key that is left out: exp makes it 0 beside any other, and 1 where all keys are left out. */
export const LEFT_OUT: f32 = -f32.MAX_VALUE;

// @ts-ignore: decorator
@inline
export function roundUp(count: i32): i32 {
  return (count + 7) & ~7;
}

// @ts-ignore: decorator
@inline
export function valuesAt(scratch: usize, longest: i32, head_dim: i32): usize {
  return scratch + bytes(roundUp(longest)) * <usize>head_dim;
}

// @ts-ignore: decorator
@inline
export function scoresAt(scratch: usize, longest: i32, head_dim: i32): usize {
  return valuesAt(scratch, longest, head_dim) + bytes(longest) * <usize>roundUp(head_dim);
}

/**
 * How many of a sequence's keys are looked at: those up to the last one that is not left out. If all are left out it is all of them,
 * and each has the same weight.
 */
export function keysOf(mask: usize, keys: i32): i32 {
  if (mask == 0) return keys;
  let last = keys;
  while (last > 0 && load<i32>(mask + bytes(last - 1)) == 0) last--;
  return last == 0 ? keys : last;
}

/** One head's keys in panels of 8 rows. */
export function packKeys(out: usize, k: usize, stride: usize, keys: i32, head_dim: i32): void {
  for (; keys > 0; keys -= 8, out += panelBytes(head_dim), k += stride << 3) panelOfRows(out, k, stride, min(keys, 8), head_dim);
}

/** One head's values in panels of 8 columns. */
export function packValues(out: usize, v: usize, stride: usize, keys: i32, head_dim: i32): void {
  for (; head_dim > 0; head_dim -= 8, out += panelBytes(keys), v += 32) panelOfColumns(out, v, stride, min(head_dim, 8), keys);
}

/** Probabilities of `keys` keys for `rows` (at most BLOCK) queries: softmax(q · kᵀ · scale), rows of roundUp(keys) floats. */
export function probabilities(
  out: usize,
  q: usize,
  stride: usize,
  packed: usize,
  mask: usize,
  rows: i32,
  keys: i32,
  head_dim: i32,
  scale: f32,
): void {
  const width = bytes(roundUp(keys));
  product(out, width, q, stride, packed, 0, rows, roundUp(keys), head_dim);
  softmaxRows(out, mask, rows, keys, scale);
}

/** What `probabilities` makes of products of queries and keys, where they lie. */
export function softmaxRows(x: usize, mask: usize, rows: i32, keys: i32, scale: f32): void {
  for (; rows > 0; rows--, x += bytes(roundUp(keys))) softmaxRow(x, x, keys, scaleRow(x, mask, keys, scale));
}

/** The scores that `probabilities` makes them of. */
export function maskedScores(
  out: usize,
  q: usize,
  stride: usize,
  packed: usize,
  mask: usize,
  rows: i32,
  keys: i32,
  head_dim: i32,
  scale: f32,
): void {
  const width = bytes(roundUp(keys));
  product(out, width, q, stride, packed, 0, rows, roundUp(keys), head_dim);
  for (; rows > 0; rows--, out += width) scaleRow(out, mask, keys, scale);
}

/** Scores times scale, LEFT_OUT where the mask is 0. Answers what `maxRow` does of them. */
function scaleRow(x: usize, mask: usize, keys: i32, scale: f32): f32 {
  const factor = f32x4.splat(scale);
  const lowest = f32x4.splat(-Infinity);
  let top = lowest;
  for (; keys >= 4; keys -= 4, x += 16) {
    let y = f32x4.mul(v128.load(x), factor);
    if (mask != 0) {
      y = kept(y, v128.load(mask));
      mask += 16;
    }
    v128.store(x, y);
    top = f32x4.pmax(top, y);
  }
  if (keys > 0) {
    const y = f32x4.mul(loadPart(x, keys, lowest), factor);
    storePart(x, mask == 0 ? y : kept(y, loadPart(mask, keys, lowest)), keys);
    top = f32x4.pmax(top, loadPart(x, keys, lowest));
  }
  return hmax(top);
}

// @ts-ignore: decorator
@inline
function kept(scores: v128, mask: v128): v128 {
  return v128.bitselect(f32x4.splat(LEFT_OUT), scores, i32x4.eq(mask, i32x4.splat(0)));
}

/**
 * Attention over rows of q, k and v that are `stride` bytes apart and rows of out that are `outStride` apart, heads side by side. Queries of a sequence are
 * those that `starts` says, and keys and values those that `keyStarts` does.
 */
export function attend(
  out: usize,
  outStride: usize,
  q: usize,
  k: usize,
  v: usize,
  stride: usize,
  mask: usize,
  starts: usize,
  keyStarts: usize,
  scratch: usize,
  batch: i32,
  longest: i32,
  heads: i32,
  head_dim: i32,
  scale: f32,
): void {
  checkSequences(mask, keyStarts, scratch, batch, longest, heads, head_dim);
  const values = valuesAt(scratch, longest, head_dim);
  const scores = scoresAt(scratch, longest, head_dim);
  for (let b = 0; b < batch; b++, starts += 4, keyStarts += 4) {
    const end = load<i32>(starts, 4);
    const first = load<i32>(keyStarts);
    const its: usize = mask == 0 ? 0 : mask + bytes(first);
    const keys = keysOf(its, load<i32>(keyStarts, 4) - first);
    const width = bytes(roundUp(keys));
    for (let h = 0; h < heads; h++) {
      const head = bytes(h * head_dim);
      packKeys(scratch, k + <usize>first * stride + head, stride, keys, head_dim);
      packValues(values, v + <usize>first * stride + head, stride, keys, head_dim);
      for (let row = load<i32>(starts); row < end; row += BLOCK) {
        const rows = min(end - row, BLOCK);
        probabilities(scores, q + <usize>row * stride + head, stride, scratch, its, rows, keys, head_dim, scale);
        product(out + <usize>row * outStride + head, outStride, scores, width, values, 0, rows, head_dim, keys);
      }
    }
  }
}

/** The contract that the attention kernels share. */
export function checkSequences(mask: usize, starts: usize, scratch: usize, batch: i32, longest: i32, heads: i32, head_dim: i32): void {
  checkElements(mask);
  checkWide(scratch);
  checkDims(batch, longest, heads, head_dim);
  checkStarts(starts, batch, longest);
}

/** The first place from `place` on that has a row; the last one where there is none. */
export function nextPlace(places: usize, place: i32, longest: i32): i32 {
  if (places != 0) while (place < longest - 1 && load<i32>(places + bytes(place)) == 0) place++;
  return min(place, longest - 1);
}

/** One float for each place that has a row, but for the first `skipped` of them. */
export function spread(to: usize, from: usize, places: usize, skipped: i32, count: i32, longest: i32): void {
  for (let place = 0; place < longest && count > 0; place++) {
    if (load<i32>(places + bytes(place)) == 0 || skipped-- > 0) continue;
    store<f32>(to + bytes(place), load<f32>(from));
    from += 4;
    count--;
  }
}
