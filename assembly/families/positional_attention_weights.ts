import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { checkSequences, nextPlace, packKeys, roundUp, scoresAt, spread } from '../lib/attention';
import { checkRowsApart } from '../lib/contract';
import { packTable, spanIn, tableAt } from '../lib/distances';
import { checkPlaced, placedProbabilities } from '../lib/positional';
import { bytes } from '../lib/simd';

/**
 * out[b, h, i, j] = the weight of key j for query i, with the bits that `positional_attention` uses, laid out as `attention_weights` does:
 * [batch, heads, longest, longest]. out overlaps no operand.
 */
export function positional_attention_weights(
  out: usize,
  q: usize,
  k: usize,
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
  compact: i32,
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
  const total = batch * heads * longest * longest;
  checkSequences(mask, starts, scratch, batch, longest, heads, head_dim);
  assert(compact == 0 || mask != 0, 'rows of some tokens need the mask of all');
  checkPlaced(out, total, q_pos, pos, types, same, starts, places, batch, heads, hidden, before, after, reach, width, same_width);
  checkRowsApart(out, total, q, starts, batch, hidden, width);
  checkRowsApart(out, total, k, starts, batch, hidden, width);
  const stride = bytes(width);
  const scores = scoresAt(scratch, longest, head_dim);
  const table = tableAt(scratch, longest, head_dim);
  memory.fill(out, 0, bytes(total));
  for (let b = 0; b < batch; b++, starts += 4) {
    const start = load<i32>(starts);
    const keys = load<i32>(starts, 4) - start;
    const first = bytes(start);
    const its: usize = mask == 0 || compact != 0 ? 0 : mask + first;
    const kept: usize = compact != 0 ? mask + bytes(b * longest) : 0;
    for (let h = 0; h < heads; h++, out += bytes(longest * longest)) {
      const at = <usize>start * stride + bytes(h * head_dim);
      packKeys(scratch, k + at, stride, keys, head_dim);
      packTable(table, pos + bytes(h * head_dim), stride, spanIn(places + first, keys, reach), reach, head_dim);
      let place = 0;
      for (let row = 0; row < keys; row += BLOCK) {
        const rows = min(keys - row, BLOCK);
        const from = at + <usize>row * stride;
        // biome-ignore format: what a block is, then what all have in common
        placedProbabilities(
          scores, q + from, q_pos + from, stride, scratch, table, same + bytes((start + row) * same_width + h),
          bytes(same_width), types + first, its, places + first, row, rows, keys, reach, head_dim, scale, before, after,
        );
        for (let r = 0; r < rows; r++, place++) {
          place = nextPlace(kept, place, longest);
          const to = out + bytes(place * longest);
          const probabilities = scores + <usize>r * bytes(roundUp(keys));
          if (kept == 0) memory.copy(to, probabilities, bytes(keys));
          else spread(to, probabilities, kept, 0, keys, longest);
        }
      }
    }
  }
}
