import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { keysOf, nextPlace, packKeys, packValues, roundUp, scoresAt, softmaxRows, spread, valuesAt } from './attention';
import { checkApart, checkDims, checkElements } from './contract';
import { addRow } from './norm';
import { divideRow } from './pool';
import { bytes, load4, store4 } from './simd';
import { product } from './tile';

/*
 * Attention whose scores have terms by how far a key stands behind its query: of the query with that row of `posKey`, and of the key with
 * that row of `posQuery`. Each table has 2 · reach + 1 rows, from -reach on; pointer 0 is none. `places` says where each row of a sequence
 * stands: they never fall. Keys further away get what the furthest get. A query where mask is 0 weighs all keys alike.
 *
 * Scratch behind that of attention.ts, in floats, for each table (R is 2 · reach + 1 rounded up to 8):
 *
 *   0              one head's rows, as far as a sequence reaches, panels of 8
 *   R · head_dim   products of a block of queries or keys with the rows that stand between them
 *   + BLOCK · R
 */

// @ts-ignore: decorator
@inline
function tablesAt(scratch: usize, longest: i32, head_dim: i32): usize {
  return scoresAt(scratch, longest, head_dim) + bytes(BLOCK) * <usize>roundUp(longest);
}

// @ts-ignore: decorator
@inline
function tableBytes(reach: i32, head_dim: i32): usize {
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
function spanIn(places: usize, rows: i32, reach: i32): i32 {
  return min(max(load<i32>(places + bytes(rows - 1)) - load<i32>(places), 0), reach);
}

/** One head's rows of both tables, as far as the `rows` of a sequence reach. */
function packTables(
  tables: usize,
  posKey: usize,
  posQuery: usize,
  head: usize,
  stride: usize,
  places: usize,
  rows: i32,
  reach: i32,
  head_dim: i32,
): void {
  if (rows == 0) return;
  const span = spanIn(places, rows, reach);
  const skipped = head + <usize>(reach - span) * stride;
  if (posKey != 0) {
    packKeys(tables, posKey + skipped, stride, 2 * span + 1, head_dim);
    tables += tableBytes(reach, head_dim);
  }
  if (posQuery != 0) packKeys(tables, posQuery + skipped, stride, 2 * span + 1, head_dim);
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
function addTerms(
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

/** Probabilities of `keys` keys for queries from `row` on (at most a block): rows of roundUp(keys) floats. */
function probabilities(
  out: usize,
  q: usize,
  k: usize,
  stride: usize,
  packed: usize,
  tables: usize,
  posKey: bool,
  posQuery: bool,
  mask: usize,
  places: usize,
  row: i32,
  rows: i32,
  all: i32,
  keys: i32,
  head_dim: i32,
  scale: f32,
  reach: i32,
): void {
  const span = spanIn(places, all, reach);
  product(out, bytes(roundUp(keys)), q, stride, packed, 0, rows, roundUp(keys), head_dim);
  for (let byKey = 0; byKey < 2; byKey++) {
    if (!(byKey ? posQuery : posKey)) continue;
    addTerms(out, byKey ? k : q, stride, byKey != 0, tables, places, row, rows, keys, span, reach, head_dim);
    tables += tableBytes(reach, head_dim);
  }
  softmaxRows(out, mask, rows, keys, scale);
}

/** Where mask is 0, the mean of all values, added in order. */
function levelMasked(out: usize, v: usize, scratch: usize, stride: usize, mask: usize, rows: i32, head_dim: i32): void {
  let known = false;
  for (let row = 0; row < rows; row++, out += stride) {
    if (load<i32>(mask + bytes(row)) != 0) continue;
    if (!known) {
      memory.fill(scratch, 0, bytes(head_dim));
      for (let r = 0; r < rows; r++) addRow(scratch, scratch, v + <usize>r * stride, head_dim);
      divideRow(scratch, <f32>rows, head_dim);
    }
    known = true;
    memory.copy(out, scratch, bytes(head_dim));
  }
}

/**
 * Attention by heads and sequences; where v is 0, its probabilities instead, [batch, heads, longest, longest] among zeros: `compact` says that
 * mask is that of all tokens, of which rows are some.
 */
export function disentangled(
  out: usize,
  q: usize,
  k: usize,
  v: usize,
  pos_key: usize,
  pos_query: usize,
  mask: usize,
  starts: usize,
  places: usize,
  scratch: usize,
  batch: i32,
  longest: i32,
  compact: i32,
  heads: i32,
  head_dim: i32,
  scale: f32,
  reach: i32,
  width: i32,
): void {
  const stride = bytes(width);
  const values = valuesAt(scratch, longest, head_dim);
  const scores = scoresAt(scratch, longest, head_dim);
  const tables = tablesAt(scratch, longest, head_dim);
  for (let b = 0; b < batch; b++, starts += 4) {
    const start = load<i32>(starts);
    const all = load<i32>(starts, 4) - start;
    const its: usize = mask == 0 || compact != 0 ? 0 : mask + bytes(start);
    const kept: usize = compact != 0 ? mask + bytes(b * longest) : 0;
    const stand = places + bytes(start);
    const keys = keysOf(its, all);
    for (let h = 0; h < heads; h++) {
      const head = bytes(h * head_dim);
      const at = <usize>start * stride + head;
      packKeys(scratch, k + at, stride, keys, head_dim);
      if (v != 0) packValues(values, v + at, stride, keys, head_dim);
      packTables(tables, pos_key, pos_query, head, stride, stand, all, reach, head_dim);
      let place = 0;
      for (let row = 0; row < all; row += BLOCK) {
        const rows = min(all - row, BLOCK);
        // biome-ignore format: what a block is, then what all have in common
        probabilities(
          scores, q + at + <usize>row * stride, k + at, stride, scratch, tables, pos_key != 0, pos_query != 0, its, stand, row, rows, all,
          keys, head_dim, scale, reach,
        );
        if (v != 0) product(out + at + <usize>row * stride, stride, scores, bytes(roundUp(keys)), values, 0, rows, head_dim, keys);
        else place = show(out, scores, its == 0 ? 0 : its + bytes(row), kept, place, rows, all, keys, longest);
      }
      if (v == 0) out += bytes(longest * longest);
      else if (its != 0) levelMasked(out + at, v + at, scores, stride, its, all, head_dim);
    }
  }
}

/** The probabilities of a block from `place` on, alike where mask is 0. Answers the place behind the last. */
function show(out: usize, scores: usize, mask: usize, kept: usize, place: i32, rows: i32, all: i32, keys: i32, longest: i32): i32 {
  for (let r = 0; r < rows; r++, place++, scores += bytes(roundUp(keys))) {
    place = nextPlace(kept, place, longest);
    const to = out + bytes(place * longest);
    if (mask != 0 && load<i32>(mask + bytes(r)) == 0) for (let i = 0; i < all; i++) store<f32>(to + bytes(i), 1 / <f32>all);
    else if (kept == 0) memory.copy(to, scores, bytes(keys));
    else spread(to, scores, kept, 0, keys, longest);
  }
  return place;
}

/** The contract that the kernels share beside that of attention. */
export function checkTables(places: usize, posKey: usize, posQuery: usize, out: usize, outCount: i32, hidden: i32, width: i32, reach: i32): void {
  checkElements(places | posKey | posQuery);
  checkDims(reach);
  const count = 2 * reach * width + hidden;
  checkApart(out, outCount, posKey, count);
  checkApart(out, outCount, posQuery, count);
}
