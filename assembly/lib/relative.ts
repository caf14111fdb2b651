import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { keysOf, LEFT_OUT, nextPlace, packKeys, packValues, roundUp, scoresAt, spread, valuesAt } from './attention';
import { checkApart, checkDims, checkElements } from './contract';
import { panelBytes } from './panel';
import { bytes, hmax, load4, loadPart, store4 } from './simd';
import { softmaxRow } from './softmax';
import { product } from './tile';

/*
 * Attention whose scores depend on how far a key stands behind its query. `places` says where each row of a sequence stands, which never
 * falls, and `keyPlaces` the same of keys that are of another sequence. Keys more than `before` in front of the query or `after` behind it are left out. `bias` has 2 · reach + 1 floats a head: what is
 * added to the score of a key that stands -reach to reach behind the query; those further away get what the furthest get.
 */

/** The first key that the last block of queries looked at, a multiple of 8, and how many from there. */
let firstKey: i32 = 0;
let keyCount: i32 = 0;

/** Looks for the keys that stand from `low` to `high`; all of them where none does. */
function look(places: usize, keys: i32, low: i32, high: i32): void {
  let first = 0;
  while (first < keys && load<i32>(places + bytes(first)) < low) first++;
  let end = keys;
  while (end > first && load<i32>(places + bytes(end - 1)) > high) end--;
  firstKey = first == end ? 0 : first & ~7;
  keyCount = (first == end ? keys : end) - firstKey;
}

/** Whether one of `rows` queries, which stand at the places from `at` on, sees none of `keys`, as the mask may have it. */
function isBlind(mask: usize, places: usize, keys: i32, at: usize, rows: i32, before: i32, after: i32): bool {
  if (mask == 0) return false;
  let next = 0;
  for (; rows > 0; rows--, at += 4) {
    const place = load<i32>(at);
    while (next < keys && (load<i32>(mask + bytes(next)) == 0 || load<i32>(places + bytes(next)) < place - before)) next++;
    if (next == keys || <i64>load<i32>(places + bytes(next)) > <i64>place + after) return true;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function biasOf(bias: usize, distance: i32, reach: i32): f32 {
  return load<f32>(bias + bytes(max(min(distance, reach), -reach) + reach));
}

// @ts-ignore: decorator
@inline
function biases(bias: usize, distances: v128, reach: i32): v128 {
  let x = f32x4.splat(biasOf(bias, i32x4.extract_lane(distances, 0), reach));
  x = f32x4.replace_lane(x, 1, biasOf(bias, i32x4.extract_lane(distances, 1), reach));
  x = f32x4.replace_lane(x, 2, biasOf(bias, i32x4.extract_lane(distances, 2), reach));
  return f32x4.replace_lane(x, 3, biasOf(bias, i32x4.extract_lane(distances, 3), reach));
}

/** Scores times scale plus bias, LEFT_OUT where a key stands too far away and where the mask is 0. Answers what `maxRow` does of them. */
function scoreRow(
  x: usize,
  mask: usize,
  places: usize,
  place: i32,
  bias: usize,
  keys: i32,
  scale: f32,
  before: i32,
  after: i32,
  reach: i32,
): f32 {
  const factor = f32x4.splat(scale);
  const lowest = f32x4.splat(-Infinity);
  let top = lowest;
  for (; keys > 0; keys -= 4, x += 16, places += 16) {
    const distances = i32x4.sub(load4(places, keys), i32x4.splat(place));
    let y = f32x4.mul(load4(x, keys), factor);
    if (bias != 0) y = f32x4.add(y, biases(bias, distances, reach));
    let out = v128.or(i32x4.lt_s(distances, i32x4.splat(-before)), i32x4.gt_s(distances, i32x4.splat(after)));
    if (mask != 0) {
      out = v128.or(out, i32x4.eq(load4(mask, keys), i32x4.splat(0)));
      mask += 16;
    }
    y = v128.bitselect(f32x4.splat(LEFT_OUT), y, out);
    store4(x, y, keys);
    top = f32x4.pmax(top, keys >= 4 ? y : loadPart(x, keys, lowest));
  }
  return hmax(top);
}

/**
 * Probabilities of `keyCount` keys from `firstKey` on for at most a block of queries, which stand at the places from `at` on: rows of
 * roundUp(keyCount) floats.
 */
function nearProbabilities(
  out: usize,
  q: usize,
  stride: usize,
  packed: usize,
  mask: usize,
  places: usize,
  bias: usize,
  at: usize,
  rows: i32,
  keys: i32,
  head_dim: i32,
  scale: f32,
  before: i32,
  after: i32,
  reach: i32,
): void {
  if (isBlind(mask, places, keys, at, rows, before, after)) look(places, keys, i32.MIN_VALUE, i32.MAX_VALUE);
  else look(places, keys, load<i32>(at) - before, <i32>min(<i64>load<i32>(at + bytes(rows - 1)) + after, i32.MAX_VALUE));
  const skipped = bytes(firstKey);
  const width = bytes(roundUp(keyCount));
  product(out, width, q, stride, packed + skipped * <usize>head_dim, 0, rows, roundUp(keyCount), head_dim);
  for (; rows > 0; rows--, out += width, at += 4) {
    const top = scoreRow(out, mask == 0 ? 0 : mask + skipped, places + skipped, load<i32>(at), bias, keyCount, scale, before, after, reach);
    softmaxRow(out, out, keyCount, top);
  }
}

/** out = probabilities · values for one block, by the panels of `values` that hold the keys it looked at. */
function weigh(out: usize, stride: usize, scores: usize, values: usize, rows: i32, keys: i32, head_dim: i32): void {
  const width = bytes(roundUp(keyCount));
  let panel = values + (bytes(firstKey) << 3);
  for (; head_dim > 0; head_dim -= 8, out += 32, panel += panelBytes(keys))
    product(out, stride, scores, width, panel, 0, rows, min(head_dim, 8), keyCount);
}

/** Copies the probabilities of row r of a block to where its keys stand: among all keys, or among the `longest` places that `kept` says. */
function show(out: usize, scores: usize, r: i32, kept: usize, longest: i32): void {
  const from = scores + bytes(r * roundUp(keyCount));
  if (kept == 0) memory.copy(out + bytes(firstKey), from, bytes(keyCount));
  else spread(out, from, kept, firstKey, keyCount, longest);
}

// @ts-ignore: decorator
@inline
function biasOfHead(bias: usize, head: i32, reach: i32): usize {
  return bias == 0 ? 0 : bias + bytes(head * (2 * reach + 1));
}

/** The contract that the kernels share beside that of attention. */
export function checkDistances(
  places: usize,
  bias: usize,
  out: usize,
  outCount: i32,
  heads: i32,
  before: i32,
  after: i32,
  reach: i32,
): void {
  checkElements(places | bias);
  checkDims(before, after, reach);
  checkApart(out, outCount, bias, heads * (2 * reach + 1));
}

/**
 * Attention of queries that `starts` and `places` speak of over keys and values that `keyStarts` and `keyPlaces` speak of, at most `longest` a
 * sequence. Operands as in `cross_attention`.
 */
export function attendNear(
  out: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  starts: usize,
  keyStarts: usize,
  places: usize,
  keyPlaces: usize,
  bias: usize,
  scratch: usize,
  batch: i32,
  longest: i32,
  heads: i32,
  groups: i32,
  head_dim: i32,
  scale: f32,
  before: i32,
  after: i32,
  reach: i32,
  width: i32,
  kv_width: i32,
): void {
  const stride = bytes(width);
  const kvStride = bytes(kv_width);
  const values = valuesAt(scratch, longest, head_dim);
  const scores = scoresAt(scratch, longest, head_dim);
  for (let b = 0; b < batch; b++, starts += 4, keyStarts += 4) {
    const start = load<i32>(starts);
    const end = load<i32>(starts, 4);
    const first = load<i32>(keyStarts);
    const its: usize = mask == 0 ? 0 : mask + bytes(first);
    const all = load<i32>(keyStarts, 4) - first;
    const blind = isBlind(its, keyPlaces + bytes(first), all, places + bytes(start), end - start, before, after);
    const keys = blind ? all : keysOf(its, all);
    for (let h = 0; h < heads; h++) {
      const at = <usize>first * kvStride + bytes(h * head_dim);
      packKeys(scratch, k + at, kvStride, keys, head_dim);
      packValues(values, v + at, kvStride, keys, head_dim);
      for (let g = h * groups; g < (h + 1) * groups; g++)
        for (let row = start; row < end; row += BLOCK) {
          const rows = min(end - row, BLOCK);
          const from = q + <usize>row * stride + bytes(g * head_dim);
          const to = out + <usize>row * stride + bytes(g * head_dim);
          // biome-ignore format: what a block is, then what all have in common
          nearProbabilities(
            scores, from, stride, scratch, its, keyPlaces + bytes(first), biasOfHead(bias, g, reach), places + bytes(row), rows, keys,
            head_dim, scale, before, after, reach,
          );
          weigh(to, stride, scores, values, rows, keys, head_dim);
        }
    }
  }
}

/**
 * The weights that `attendNear` uses: out [batch, heads · groups, queries, longest], zeros behind the last row of a sequence. Where `compact`
 * is set, mask [batch, longest] says which tokens the keys of a sequence stand for, and where `compactRows` is, its queries as well.
 */
export function showNear(
  out: usize,
  q: usize,
  k: usize,
  mask: usize,
  starts: usize,
  keyStarts: usize,
  places: usize,
  keyPlaces: usize,
  bias: usize,
  scratch: usize,
  batch: i32,
  queries: i32,
  longest: i32,
  compact: i32,
  compactRows: i32,
  heads: i32,
  groups: i32,
  head_dim: i32,
  scale: f32,
  before: i32,
  after: i32,
  reach: i32,
  width: i32,
  kv_width: i32,
): void {
  const scores = scoresAt(scratch, longest, head_dim);
  const outStride = bytes(longest);
  memory.fill(out, 0, outStride * <usize>(batch * heads * groups * queries));
  for (let b = 0; b < batch; b++, starts += 4, keyStarts += 4) {
    const start = load<i32>(starts);
    const end = load<i32>(starts, 4);
    const first = load<i32>(keyStarts);
    const its: usize = mask == 0 || compact != 0 ? 0 : mask + bytes(first);
    const kept: usize = compact != 0 ? mask + bytes(b * longest) : 0;
    const all = load<i32>(keyStarts, 4) - first;
    const blind = isBlind(its, keyPlaces + bytes(first), all, places + bytes(start), end - start, before, after);
    const keys = blind ? all : keysOf(its, all);
    for (let g = 0; g < heads * groups; g++, out += outStride * <usize>queries) {
      if (g % groups == 0) packKeys(scratch, k + bytes(first * kv_width + (g / groups) * head_dim), bytes(kv_width), keys, head_dim);
      let place = 0;
      for (let row = start; row < end; row += BLOCK) {
        const rows = min(end - row, BLOCK);
        // biome-ignore format: what a block is, then what all have in common
        nearProbabilities(
          scores, q + bytes(row * width + g * head_dim), bytes(width), scratch, its, keyPlaces + bytes(first), biasOfHead(bias, g, reach),
          places + bytes(row), rows, keys, head_dim, scale, before, after, reach,
        );
        for (let r = 0; r < rows; r++, place++) {
          place = nextPlace(compactRows != 0 ? kept : 0, place, queries);
          show(out + outStride * <usize>place, scores, r, kept, longest);
        }
      }
    }
  }
}
