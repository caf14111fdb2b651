import { checkSequences } from '../lib/attention';
import { checkRowsApart, rowsIn, spanOf } from '../lib/contract';
import { checkTables, disentangled } from '../lib/disentangled';

/**
 * `attention`, where scores have terms by how far a key stands from its query (see lib/disentangled.ts): pos_key and pos_query are rows of
 * heads · head_dim floats, `width` apart, one for each of 2 · reach + 1 distances, or pointer 0. places has an int32 a row. A query where mask is 0
 * weighs all keys of its sequence alike. out overlaps no operand.
 */
export function disentangled_attention(
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
  heads: i32,
  head_dim: i32,
  scale: f32,
  reach: i32,
  width: i32,
): void {
  const hidden = heads * head_dim;
  const span = spanOf(rowsIn(starts, batch), hidden, width);
  checkSequences(mask, starts, scratch, batch, longest, heads, head_dim);
  checkTables(places, pos_key, pos_query, out, span, hidden, width, reach);
  checkRowsApart(out, span, q, starts, batch, hidden, width);
  checkRowsApart(out, span, k, starts, batch, hidden, width);
  checkRowsApart(out, span, v, starts, batch, hidden, width);
  // biome-ignore format: as they come
  disentangled(
    out, q, k, v, pos_key, pos_query, mask, starts, places, scratch, batch, longest, 0, heads, head_dim, scale, reach, width,
  );
}
