import { checkSequences } from '../lib/attention';
import { checkRowsApart, rowsIn, spanOf } from '../lib/contract';
import { attendNear, checkDistances } from '../lib/relative';

/**
 * `attention`, where scores depend on how far a key stands from its query (see lib/relative.ts), and each of `heads` heads of k and v,
 * `kv_width` floats a row, serves `groups` heads of q and out that follow one another, `width` floats a row. places has an int32 a row,
 * bias [heads · groups, 2 · reach + 1] may be 0. A query that may see no key weighs all of its sequence alike. out overlaps no operand.
 */
export function relative_attention(
  out: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  starts: usize,
  places: usize,
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
  checkSequences(mask, starts, scratch, batch, longest, heads, head_dim);
  checkDistances(places, bias, out, span, heads * groups, before, after, reach);
  checkRowsApart(out, span, q, starts, batch, hidden, width);
  checkRowsApart(out, span, k, starts, batch, heads * head_dim, kv_width);
  checkRowsApart(out, span, v, starts, batch, heads * head_dim, kv_width);
  // biome-ignore format: keys are of the sequences and at the places of queries
  attendNear(
    out, q, k, v, mask, starts, starts, places, places, bias, scratch, batch, longest, heads, groups, head_dim, scale, before, after, reach,
    width, kv_width,
  );
}
