import { checkSequences } from '../lib/attention';
import { checkRowsApart } from '../lib/contract';
import { checkTables, disentangled } from '../lib/disentangled';
import { bytes } from '../lib/simd';

/**
 * out[b, h, i, j] = the weight of key j for query i, with the bits that `disentangled_attention` uses, laid out as `attention_weights` does:
 * [batch, heads, longest, longest]. out overlaps no operand.
 */
export function disentangled_attention_weights(
  out: usize,
  q: usize,
  k: usize,
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
  const total = batch * heads * longest * longest;
  const hidden = heads * head_dim;
  checkSequences(mask, starts, scratch, batch, longest, heads, head_dim);
  assert(compact == 0 || mask != 0, 'rows of some tokens need the mask of all');
  checkTables(places, pos_key, pos_query, out, total, hidden, width, reach);
  checkRowsApart(out, total, q, starts, batch, hidden, width);
  checkRowsApart(out, total, k, starts, batch, hidden, width);
  memory.fill(out, 0, bytes(total));
  // biome-ignore format: as they come
  disentangled(
    out, q, k, 0, pos_key, pos_query, mask, starts, places, scratch, batch, longest, compact, heads, head_dim, scale, reach, width,
  );
}
