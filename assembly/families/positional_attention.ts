import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { checkSequences, packKeys, packValues, roundUp, scoresAt, valuesAt } from '../lib/attention';
import { checkRowsApart, rowsIn, spanOf } from '../lib/contract';
import { packTable, spanIn, tableAt } from '../lib/distances';
import { checkPlaced, placedProbabilities } from '../lib/positional';
import { bytes } from '../lib/simd';
import { product } from '../lib/tile';

/**
 * `attention`, where scores have parts by place and by type (see lib/positional.ts): q_pos has rows like q, pos [2 · reach + 1, hidden] likewise, types an
 * int32 a row, and same a float a row and head, `same_width` floats apart. out overlaps no operand.
 */
export function positional_attention(
  out: usize,
  q: usize,
  k: usize,
  v: usize,
  q_pos: usize,
  pos: usize,
  types: usize,
  same: usize,
  mask: usize,
  starts: usize,
  places: usize,
  scratch: usize,
  batch: i32,
  longest: i32,
  heads: i32,
  head_dim: i32,
  scale: f32,
  before: i32,
  after: i32,
  reach: i32,
  width: i32,
  same_width: i32,
): void {
  const hidden = heads * head_dim;
  const total = spanOf(rowsIn(starts, batch), hidden, width);
  checkSequences(mask, starts, scratch, batch, longest, heads, head_dim);
  checkPlaced(out, total, q_pos, pos, types, same, starts, places, batch, heads, hidden, before, after, reach, width, same_width);
  checkRowsApart(out, total, q, starts, batch, hidden, width);
  checkRowsApart(out, total, k, starts, batch, hidden, width);
  checkRowsApart(out, total, v, starts, batch, hidden, width);
  const stride = bytes(width);
  const values = valuesAt(scratch, longest, head_dim);
  const scores = scoresAt(scratch, longest, head_dim);
  const table = tableAt(scratch, longest, head_dim);
  for (let b = 0; b < batch; b++, starts += 4) {
    const start = load<i32>(starts);
    const keys = load<i32>(starts, 4) - start;
    const first = bytes(start);
    for (let h = 0; h < heads; h++) {
      const head = bytes(h * head_dim);
      const at = <usize>start * stride + head;
      packKeys(scratch, k + at, stride, keys, head_dim);
      packValues(values, v + at, stride, keys, head_dim);
      packTable(table, pos + head, stride, spanIn(places + first, keys, reach), reach, head_dim);
      for (let row = 0; row < keys; row += BLOCK) {
        const rows = min(keys - row, BLOCK);
        const from = at + <usize>row * stride;
        const its = same + bytes((start + row) * same_width + h);
        // biome-ignore format: what a block is, then what all have in common
        placedProbabilities(
          scores, q + from, q_pos + from, stride, scratch, table, its, bytes(same_width), types + first,
          mask == 0 ? 0 : mask + first, places + first, row, rows, keys, reach, head_dim, scale, before, after,
        );
        product(out + from, stride, scores, bytes(roundUp(keys)), values, 0, rows, head_dim, keys);
      }
    }
  }
}
