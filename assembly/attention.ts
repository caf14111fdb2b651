import { attend } from './lib/attention';
import { checkRowsApart, rowsIn, spanOf } from './lib/contract';
import { bytes } from './lib/simd';

/**
 * out = softmax(q · kᵀ · scale) · v for each head of each sequence. q, k, v and out are rows of heads · head_dim floats, a row a token,
 * `width` floats apart: as many, unless these are some of the heads;
 * sequence b has rows starts[b] to starts[b + 1], at most `longest`. mask is an int32 a row (or pointer 0), 0 for a key to leave out;
 * where all are left out each has the same weight. A row's bits depend on its own sequence alone, and not on left out keys behind.
 * scratch as lib/attention.ts draws it. out overlaps no operand.
 */
export function attention(
  out: usize,
  q: usize,
  k: usize,
  v: usize,
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
  const hidden = heads * head_dim;
  const span = spanOf(rowsIn(starts, batch), hidden, width);
  checkRowsApart(out, span, q, starts, batch, hidden, width);
  checkRowsApart(out, span, k, starts, batch, hidden, width);
  checkRowsApart(out, span, v, starts, batch, hidden, width);
  attend(out, bytes(width), q, k, v, bytes(width), mask, starts, starts, scratch, batch, longest, heads, head_dim, scale);
}
