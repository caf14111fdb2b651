import { attend } from './lib/attention';
import { checkRowsApart, checkStarts, rowsIn, spanOf } from './lib/contract';
import { bytes } from './lib/simd';

/**
 * `attention` over keys and values of other sequences: those of sequence b are rows key_starts[b] to key_starts[b + 1], at most `longest`, for
 * each of which mask has an int32. A query of a sequence without keys is given zeros. out overlaps no operand.
 */
export function attention_apart(
  out: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  starts: usize,
  key_starts: usize,
  scratch: usize,
  batch: i32,
  longest: i32,
  heads: i32,
  head_dim: i32,
  scale: f32,
  width: i32,
): void {
  const hidden = heads * head_dim;
  const span = spanOf(rowsIn(starts, batch), hidden, width);
  checkStarts(starts, batch, i32.MAX_VALUE);
  checkRowsApart(out, span, q, starts, batch, hidden, width);
  checkRowsApart(out, span, k, key_starts, batch, hidden, width);
  checkRowsApart(out, span, v, key_starts, batch, hidden, width);
  attend(out, bytes(width), q, k, v, bytes(width), mask, starts, key_starts, scratch, batch, longest, heads, head_dim, scale);
}
