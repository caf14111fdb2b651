import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { LEFT_OUT, packKeys, roundUp, scoresAt } from './attention';
import { checkApart, checkDims, checkElements, checkRowsApart } from './contract';
import { bytes, hmax, load4, loadPart, store4 } from './simd';
import { softmaxRow } from './softmax';
import { product } from './tile';

/*
 * Attention whose scores have a part by where a key stands and one by what it is: products of queries of their own with rows of a table
 * for how far the key stands behind the query, and a number of the query's for keys of its type. `places` says where each row of a sequence
 * stands: they rise. Keys further away than the table reaches get what the furthest get. A query sees its own key whatever the mask says.
 *
 * Scratch behind that of attention.ts, in floats (R is 2 · reach + 1 rounded up to 8):
 *
 *   0              one head's rows of the table, as far as a sequence reaches, panels of 8
 *   R · head_dim   products of a block of queries with the rows that stand between them and a block of keys
 *   + BLOCK · R
 */

// @ts-ignore: decorator
@inline
export function tableAt(scratch: usize, longest: i32, head_dim: i32): usize {
  return scoresAt(scratch, longest, head_dim) + bytes(BLOCK) * <usize>roundUp(longest);
}

// @ts-ignore: decorator
@inline
function within(distance: i32, span: i32): i32 {
  return min(max(distance, -span), span);
}

/** How far apart rows of a sequence stand, as far as the table reaches. */
// @ts-ignore: decorator
@inline
export function spanIn(places: usize, rows: i32, reach: i32): i32 {
  return rows == 0 ? 0 : min(load<i32>(places + bytes(rows - 1)) - load<i32>(places), reach);
}

/** One head's rows of the table that a sequence needs. */
export function packTable(table: usize, pos: usize, stride: usize, span: i32, reach: i32, head_dim: i32): void {
  packKeys(table, pos + <usize>(reach - span) * stride, stride, 2 * span + 1, head_dim);
}

/** x[j] += terms[how far key j stands behind the query], of those from `low` to `high`, the first of which is terms[0]. */
function addPlaced(x: usize, terms: usize, places: usize, keys: i32, place: i32, low: i32, high: i32): void {
  for (; keys > 0; keys -= 4, x += 16, places += 16) {
    const behind = i32x4.sub(load4(places, keys), i32x4.splat(place));
    const at = i32x4.shl(i32x4.sub(i32x4.min_s(i32x4.max_s(behind, i32x4.splat(low)), i32x4.splat(high)), i32x4.splat(low)), 2);
    let y = f32x4.splat(load<f32>(terms + i32x4.extract_lane(at, 0)));
    y = f32x4.replace_lane(y, 1, load<f32>(terms + i32x4.extract_lane(at, 1)));
    y = f32x4.replace_lane(y, 2, load<f32>(terms + i32x4.extract_lane(at, 2)));
    y = f32x4.replace_lane(y, 3, load<f32>(terms + i32x4.extract_lane(at, 3)));
    store4(x, f32x4.add(load4(x, keys), y), keys);
  }
}

/** Adds products of `rows` queries from `row` on with the rows of the table to the scores of all keys, a block at a time. */
function addProducts(
  scores: usize,
  q: usize,
  stride: usize,
  table: usize,
  places: usize,
  row: i32,
  rows: i32,
  keys: i32,
  span: i32,
  reach: i32,
  head_dim: i32,
): void {
  const terms = table + bytes(roundUp(2 * reach + 1)) * <usize>head_dim;
  const queries = places + bytes(row);
  const width = bytes(roundUp(keys));
  for (; keys > 0; keys -= BLOCK, scores += bytes(BLOCK), places += bytes(BLOCK)) {
    const count = min(keys, BLOCK);
    const low = within(load<i32>(places) - load<i32>(queries + bytes(rows - 1)), span);
    const high = max(within(load<i32>(places + bytes(count - 1)) - load<i32>(queries), span), low);
    const first = (low + span) & ~7;
    const cols = roundUp(high + span + 1 - first);
    product(terms, bytes(cols), q, stride, table + bytes(first) * <usize>head_dim, 0, rows, cols, head_dim);
    for (let r = 0; r < rows; r++) {
      const its = terms + bytes(r * cols + low + span - first);
      addPlaced(scores + <usize>r * width, its, places, count, load<i32>(queries + bytes(r)), low, high);
    }
  }
}

/** Scores times scale, those of the query's type with `same` added first; LEFT_OUT where a key is not seen. Answers what `maxRow` does of them. */
function scoreRow(
  x: usize,
  mask: usize,
  places: usize,
  place: i32,
  types: usize,
  type: i32,
  same: f32,
  keys: i32,
  scale: f32,
  before: i32,
  after: i32,
): f32 {
  const lowest = f32x4.splat(-Infinity);
  let top = lowest;
  for (; keys > 0; keys -= 4, x += 16, places += 16, types += 16) {
    const behind = i32x4.sub(load4(places, keys), i32x4.splat(place));
    const alike = i32x4.eq(load4(types, keys), i32x4.splat(type));
    let y = f32x4.mul(f32x4.add(load4(x, keys), v128.and(f32x4.splat(same), alike)), f32x4.splat(scale));
    let out = v128.or(i32x4.lt_s(behind, i32x4.splat(-before)), i32x4.gt_s(behind, i32x4.splat(after)));
    if (mask != 0) {
      out = v128.or(out, v128.andnot(i32x4.eq(load4(mask, keys), i32x4.splat(0)), i32x4.eq(behind, i32x4.splat(0))));
      mask += 16;
    }
    y = v128.bitselect(f32x4.splat(LEFT_OUT), y, out);
    store4(x, y, keys);
    top = f32x4.pmax(top, keys >= 4 ? y : loadPart(x, keys, lowest));
  }
  return hmax(top);
}

/** Probabilities of all `keys` keys for queries from `row` on (at most a block): rows of roundUp(keys) floats. */
export function placedProbabilities(
  out: usize,
  q: usize,
  qPos: usize,
  stride: usize,
  packed: usize,
  table: usize,
  same: usize,
  sameStride: usize,
  types: usize,
  mask: usize,
  places: usize,
  row: i32,
  rows: i32,
  keys: i32,
  reach: i32,
  head_dim: i32,
  scale: f32,
  before: i32,
  after: i32,
): void {
  const width = bytes(roundUp(keys));
  product(out, width, q, stride, packed, 0, rows, roundUp(keys), head_dim);
  addProducts(out, qPos, stride, table, places, row, rows, keys, spanIn(places, keys, reach), reach, head_dim);
  for (; rows > 0; rows--, row++, out += width, same += sameStride) {
    const at = bytes(row);
    const top = scoreRow(out, mask, places, load<i32>(places + at), types, load<i32>(types + at), load<f32>(same), keys, scale, before, after);
    softmaxRow(out, out, keys, top);
  }
}

/** The contract that the kernels share beside that of attention. */
export function checkPlaced(
  out: usize,
  outCount: i32,
  qPos: usize,
  pos: usize,
  types: usize,
  same: usize,
  starts: usize,
  places: usize,
  batch: i32,
  heads: i32,
  hidden: i32,
  before: i32,
  after: i32,
  reach: i32,
  width: i32,
  sameWidth: i32,
): void {
  checkElements(places | types | pos);
  checkDims(before, after, reach);
  checkApart(out, outCount, pos, 2 * reach * width + hidden);
  checkRowsApart(out, outCount, qPos, starts, batch, hidden, width);
  checkRowsApart(out, outCount, same, starts, batch, heads, sameWidth);
}
