import { attend } from './lib/attention';
import { checkRowsApart } from './lib/contract';
import { bytes } from './lib/simd';

/**
 * out = softmax(q · kᵀ · scale) · v for each head of each sequence. q, k, v and out are rows of heads · head_dim floats, a row a token;
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
): void {
  const hidden = heads * head_dim;
  checkRowsApart(out, batch * longest * hidden, q, starts, batch, hidden);
  checkRowsApart(out, batch * longest * hidden, k, starts, batch, hidden);
  checkRowsApart(out, batch * longest * hidden, v, starts, batch, hidden);
  attend(out, q, k, v, bytes(hidden), mask, starts, scratch, batch, longest, heads, head_dim, scale);
}
