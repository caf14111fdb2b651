import { checkSequences } from '../lib/attention';
import { checkRowsApart, checkStarts, rowsIn, spanOf } from '../lib/contract';
import { attendNear, checkDistances } from '../lib/relative';

/**
 * `relative_attention` over keys and values of other sequences: those of sequence b are rows key_starts[b] to key_starts[b + 1], at most
 * `longest`, and stand at key_places; mask has an int32 for each of them. out overlaps no operand.
 */
export function cross_attention(
  out: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  starts: usize,
  key_starts: usize,
  places: usize,
  key_places: usize,
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
  const hidden = heads * groups * head_dim;
  const span = spanOf(rowsIn(starts, batch), hidden, width);
  checkStarts(starts, batch, i32.MAX_VALUE);
  checkSequences(mask, key_starts, scratch, batch, longest, heads, head_dim);
  checkDistances(places | key_places, bias, out, span, heads * groups, before, after, reach);
  checkRowsApart(out, span, q, starts, batch, hidden, width);
  checkRowsApart(out, span, k, key_starts, batch, heads * head_dim, kv_width);
  checkRowsApart(out, span, v, key_starts, batch, heads * head_dim, kv_width);
  // biome-ignore format: as they came
  attendNear(
    out, q, k, v, mask, starts, key_starts, places, key_places, bias, scratch, batch, longest, heads, groups, head_dim, scale, before,
    after, reach, width, kv_width,
  );
}
