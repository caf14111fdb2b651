import { layOut } from './lib/layout';

/**
 * out[b, h, i, j] = the weight of key j for query i, with the bits that `attention` uses: [batch, heads, longest, longest], zeros behind
 * the last row of a sequence. Operands as in `attention`; where `compact` is set, mask [batch, longest] says instead which tokens the rows
 * of a sequence stand for, and all others have zeros. out overlaps no operand.
 */
export function attention_weights(
  out: usize,
  q: usize,
  k: usize,
  mask: usize,
  starts: usize,
  scratch: usize,
  batch: i32,
  longest: i32,
  compact: i32,
  heads: i32,
  head_dim: i32,
  scale: f32,
  width: i32,
): void {
  layOut(true, out, q, k, mask, starts, scratch, batch, longest, compact, heads, head_dim, scale, width);
}
