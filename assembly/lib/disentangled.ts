import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { keysOf, nextPlace, packKeys, packValues, roundUp, scoresAt, softmaxRows, spread, valuesAt } from './attention';
import { checkApart, checkDims, checkElements } from './contract';
import { addTerms, packTable, spanIn, tableAt, tableBytes } from './distances';
import { addRow } from './norm';
import { divideRow } from './pool';
import { bytes } from './simd';
import { product } from './tile';

/*
 * Attention whose scores have terms by how far a key stands behind its query (distances.ts): of the query with that row of `posKey`, and of the
 * key with that row of `posQuery`. Pointer 0 is none. A query where mask is 0 weighs all keys alike.
 */

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
  if (posKey != 0) {
    packTable(tables, posKey + head, stride, span, reach, head_dim);
    tables += tableBytes(reach, head_dim);
  }
  if (posQuery != 0) packTable(tables, posQuery + head, stride, span, reach, head_dim);
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
  const tables = tableAt(scratch, longest, head_dim);
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
