import { checkSequences } from '../lib/attention';
import { checkDims, checkRowsApart, checkStarts } from '../lib/contract';
import { checkDistances, showNear } from '../lib/relative';

/**
 * out[b, h, i, j] = the weight of key j for query i, with the bits that `cross_attention` uses: [batch, heads · groups, queries, longest], zeros
 * behind the last row of a sequence. Where `compact` is set, mask [batch, longest] says instead which tokens the keys of a sequence stand for.
 * out overlaps no operand.
 */
export function cross_attention_weights(
  out: usize,
  q: usize,
  k: usize,
  mask: usize,
  starts: usize,
  key_starts: usize,
  places: usize,
  key_places: usize,
  bias: usize,
  scratch: usize,
  batch: i32,
  queries: i32,
  longest: i32,
  compact: i32,
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
  const total = batch * heads * groups * queries * longest;
  checkDims(queries);
  checkStarts(starts, batch, queries);
  checkSequences(mask, key_starts, scratch, batch, longest, heads, head_dim);
  assert(compact == 0 || mask != 0, 'rows of some tokens need the mask of all');
  checkDistances(places | key_places, bias, out, total, heads * groups, before, after, reach);
  checkRowsApart(out, total, q, starts, batch, heads * groups * head_dim, width);
  checkRowsApart(out, total, k, key_starts, batch, heads * head_dim, kv_width);
  // biome-ignore format: as they came
  showNear(
    out, q, k, mask, starts, key_starts, places, key_places, bias, scratch, batch, queries, longest, compact, 0, heads, groups, head_dim,
    scale, before, after, reach, width, kv_width,
  );
}
