import { ATTENTION_BLOCK as BLOCK } from '../src/ops/limits';
import { checkSequences, keysOf, packKeys, packValues, scoresAt, valuesAt } from './lib/attention';
import { checkRowsApart, rowsIn, spanOf } from './lib/contract';
import { biasOfHead, checkDistances, nearProbabilities, weigh } from './lib/relative';
import { bytes } from './lib/simd';

/**
 * `attention`, where scores depend on how far a key stands from its query (see lib/relative.ts), and each of `heads` heads of k and v,
 * `kv_width` floats a row, serves `groups` heads of q and out that follow one another, `width` floats a row. places has an int32 a row,
 * bias [heads · groups, 2 · reach + 1] may be 0. A query that may see no key weighs all alike. out overlaps no operand.
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
  const stride = bytes(width);
  const kvStride = bytes(kv_width);
  const values = valuesAt(scratch, longest, head_dim);
  const scores = scoresAt(scratch, longest, head_dim);
  for (let b = 0; b < batch; b++, starts += 4) {
    const start = load<i32>(starts);
    const end = load<i32>(starts, 4);
    const its: usize = mask == 0 ? 0 : mask + bytes(start);
    const keys = keysOf(its, end - start);
    for (let h = 0; h < heads; h++) {
      const at = <usize>start * kvStride + bytes(h * head_dim);
      packKeys(scratch, k + at, kvStride, keys, head_dim);
      packValues(values, v + at, kvStride, keys, head_dim);
      for (let g = h * groups; g < (h + 1) * groups; g++)
        for (let row = start; row < end; row += BLOCK) {
          const rows = min(end - row, BLOCK);
          const from = q + <usize>row * stride + bytes(g * head_dim);
          const to = out + <usize>row * stride + bytes(g * head_dim);
          // biome-ignore format: what a block is, then what all have in common
          nearProbabilities(
            scores, from, stride, scratch, its, places + bytes(start), biasOfHead(bias, g, reach), row - start, rows, keys,
            head_dim, scale, before, after, reach,
          );
          weigh(to, stride, scores, values, rows, keys, head_dim);
        }
    }
  }
}
