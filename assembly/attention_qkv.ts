import { attend } from './lib/attention';
import { checkRowsApart } from './lib/contract';
import { bytes } from './lib/simd';

/** `attention`, where each row of qkv holds a token's query, key and value side by side: 3 · heads · head_dim floats. */
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
): void {
  const hidden = bytes(heads * head_dim);
  checkRowsApart(out, batch * longest * heads * head_dim, qkv, starts, batch, 3 * heads * head_dim);
  attend(out, qkv, qkv + hidden, qkv + 2 * hidden, 3 * hidden, mask, starts, scratch, batch, longest, heads, head_dim, scale);
}
