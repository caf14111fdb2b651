import { LEFT_OUT, roundUp } from './attention';
import { checkApart, checkDims, checkElements, checkRowsApart } from './contract';
import { addTerms, spanIn } from './distances';
import { bytes, hmax, load4, loadPart, store4 } from './simd';
import { softmaxRow } from './softmax';
import { product } from './tile';

/*
 * Attention whose scores have a part by where a key stands and one by what it is: products of queries of their own with rows of a table
 * for how far the key stands behind the query (distances.ts), and a number of the query's for keys of its type. A query sees its own key
 * whatever the mask says.
 */

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
  addTerms(out, qPos, stride, false, table, places, row, rows, keys, spanIn(places, keys, reach), reach, head_dim);
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
