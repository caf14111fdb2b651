import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { packKeys, roundUp, scoresAt } from './attention';
import { bytes, load4, store4 } from './simd';
import { product } from './tile';

/*
 * Terms of attention's scores by how far a key stands behind its query: products with rows of a table [2 · reach + 1, hidden], from -reach on.
 * `places` says where each row of a sequence stands: they never fall. Keys further away get what the furthest get.
 *
 * Scratch behind that of attention.ts, in floats, for each table (R is 2 · reach + 1 rounded up to 8):
 *
 *   0              one head's rows, as far as a sequence reaches, panels of 8
 *   R · head_dim   products of a block of queries or keys with the rows that stand between them
 *   + BLOCK · R
 */

/** Where the first table's part begins. */
// @ts-ignore: decorator
@inline
export function tableAt(scratch: usize, longest: i32, head_dim: i32): usize {
  return scoresAt(scratch, longest, head_dim) + bytes(BLOCK) * <usize>roundUp(longest);
}

// @ts-ignore: decorator
@inline
export function tableBytes(reach: i32, head_dim: i32): usize {
  return bytes(roundUp(2 * reach + 1)) * <usize>(head_dim + BLOCK);
}

// @ts-ignore: decorator
@inline
function within(distance: i32, span: i32): i32 {
  return min(max(distance, -span), span) + span;
}

/** How far apart rows of a sequence stand, as far as tables reach. */
// @ts-ignore: decorator
@inline
export function spanIn(places: usize, rows: i32, reach: i32): i32 {
  return rows == 0 ? 0 : min(max(load<i32>(places + bytes(rows - 1)) - load<i32>(places), 0), reach);
}

/** One head's rows of a table that a sequence needs. */
export function packTable(table: usize, head: usize, stride: usize, span: i32, reach: i32, head_dim: i32): void {
  packKeys(table, head + <usize>(reach - span) * stride, stride, 2 * span + 1, head_dim);
}

/** x[j] += terms[j · step + index], the index that of the distance from a query to key j, which is its place and `shift` from `low` to `high`. */
function addNear(x: usize, terms: usize, step: usize, places: usize, keys: i32, shift: i32, low: i32, high: i32): void {
  const shifts = i32x4.splat(shift);
  const lowest = i32x4.splat(low);
  const highest = i32x4.splat(high);
  for (; keys > 0; keys -= 4, x += 16, places += 16, terms += step << 2) {
    const at = i32x4.shl(i32x4.min_s(i32x4.max_s(i32x4.add(load4(places, keys), shifts), lowest), highest), 2);
    let y = f32x4.splat(load<f32>(terms + i32x4.extract_lane(at, 0)));
    y = f32x4.replace_lane(y, 1, load<f32>(terms + step + i32x4.extract_lane(at, 1)));
    y = f32x4.replace_lane(y, 2, load<f32>(terms + 2 * step + i32x4.extract_lane(at, 2)));
    y = f32x4.replace_lane(y, 3, load<f32>(terms + 3 * step + i32x4.extract_lane(at, 3)));
    store4(x, f32x4.add(load4(x, keys), y), keys);
  }
}

/**
 * Adds the terms of one table to the scores of queries from `row` on: products of it with x, rows of queries or, where `byKey` is set, of
 * all keys of the sequence.
 */
export function addTerms(
  scores: usize,
  x: usize,
  stride: usize,
  byKey: bool,
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
  for (let key = 0; key < keys; key += BLOCK, scores += bytes(BLOCK), places += bytes(BLOCK)) {
    const count = min(keys - key, BLOCK);
    const low = within(load<i32>(places) - load<i32>(queries + bytes(rows - 1)), span);
    const high = max(within(load<i32>(places + bytes(count - 1)) - load<i32>(queries), span), low);
    const first = low & ~7;
    const cols = roundUp(high + 1 - first);
    const panels = table + bytes(first) * <usize>head_dim;
    product(terms, bytes(cols), byKey ? x + <usize>key * stride : x, stride, panels, 0, byKey ? count : rows, cols, head_dim);
    for (let r = 0; r < rows; r++) {
      const shift = span - first - load<i32>(queries + bytes(r));
      const its = byKey ? terms : terms + <usize>r * bytes(cols);
      addNear(scores + <usize>r * bytes(roundUp(keys)), its, byKey ? bytes(cols) : 0, places, count, shift, low - first, high - first);
    }
  }
}
