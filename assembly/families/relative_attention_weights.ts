import { checkSequences } from '../lib/attention';
import { checkRowsApart } from '../lib/contract';
import { checkDistances, showNear } from '../lib/relative';

/**
 * out[b, h, i, j] = the weight of key j for query i, with the bits that `relative_attention` uses, laid out as `attention_weights` does:
 * [batch, heads · groups, longest, longest]. out overlaps no operand.
 */
export function relative_attention_weights(
  out: usize,
  q: usize,
  k: usize,
  mask: usize,
  starts: usize,
  places: usize,
  bias: usize,
  scratch: usize,
  batch: i32,
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
  const total = batch * heads * groups * longest * longest;
  checkSequences(mask, starts, scratch, batch, longest, heads, head_dim);
  assert(compact == 0 || mask != 0, 'rows of some tokens need the mask of all');
  checkDistances(places, bias, out, total, heads * groups, before, after, reach);
  checkRowsApart(out, total, q, starts, batch, heads * groups * head_dim, width);
  checkRowsApart(out, total, k, starts, batch, heads * head_dim, kv_width);
  // biome-ignore format: keys are of the sequences and at the places of queries
  showNear(
    out, q, k, mask, starts, starts, places, places, bias, scratch, batch, longest, longest, compact, compact, heads, groups, head_dim,
    scale, before, after, reach, width, kv_width,
  );
}
