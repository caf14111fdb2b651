import { attend } from './lib/attention';
import { checkRowsApart, rowsIn, spanOf } from './lib/contract';
import { bytes } from './lib/simd';

/** `attention`, where each row of qkv holds a token's query, key and value side by side: 3 · width floats. */
export function attention_qkv(
  out: usize,
  qkv: usize,
  mask: usize,
  starts: usize,
  scratch: usize,
  batch: i32,
  longest: i32,
  heads: i32,
  head_dim: i32,
  scale: f32,
  width: i32,
): void {
  const hidden = bytes(width);
  const cols = heads * head_dim;
  checkRowsApart(out, spanOf(rowsIn(starts, batch), cols, width), qkv, starts, batch, 2 * width + cols, 3 * width);
  attend(out, hidden, qkv, qkv + hidden, qkv + 2 * hidden, 3 * hidden, mask, starts, starts, scratch, batch, longest, heads, head_dim, scale);
}
