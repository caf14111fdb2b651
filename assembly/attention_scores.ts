import { layOut } from './lib/layout';

/**
 * out[b, h, i, j] = the score of key j for query i, of which `attention` takes the softmax: operands and layout as in `attention_weights`.
 * A query that has a row has the lowest float32 for each key that is left out. out overlaps no operand.
 */
export function attention_scores(
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
  layOut(false, out, q, k, mask, starts, scratch, batch, longest, compact, heads, head_dim, scale, width);
}
