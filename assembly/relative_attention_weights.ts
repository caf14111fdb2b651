import { ATTENTION_BLOCK as BLOCK } from '../src/ops/limits';
import { checkSequences, keysOf, nextPlace, packKeys, scoresAt } from './lib/attention';
import { checkRowsApart } from './lib/contract';
import { biasOfHead, checkDistances, nearProbabilities, show } from './lib/relative';
import { bytes } from './lib/simd';

/**
 * out[b, h, i, j] = the weight of key j for query i, with the bits that `relative_attention` uses, laid out as `attention_weights` does:
 * [batch, heads · groups, longest, longest]. out overlaps no operand.
 */
export function relative_attention_weights(
  out: usize,
  q: usize,
  k: usize,
  mask: usize,
  starts: usize,
  places: usize,
  bias: usize,
  scratch: usize,
  batch: i32,
  longest: i32,
  compact: i32,
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
  const total = batch * heads * groups * longest * longest;
  checkSequences(mask, starts, scratch, batch, longest, heads, head_dim);
  assert(compact == 0 || mask != 0, 'rows of some tokens need the mask of all');
  checkDistances(places, bias, out, total, heads * groups, before, after, reach);
  checkRowsApart(out, total, q, starts, batch, heads * groups * head_dim, width);
  checkRowsApart(out, total, k, starts, batch, heads * head_dim, kv_width);
  const scores = scoresAt(scratch, longest, head_dim);
  memory.fill(out, 0, bytes(total));
  for (let b = 0; b < batch; b++, starts += 4) {
    const start = load<i32>(starts);
    const end = load<i32>(starts, 4);
    const its: usize = mask == 0 || compact != 0 ? 0 : mask + bytes(start);
    const kept: usize = compact != 0 ? mask + bytes(b * longest) : 0;
    const keys = keysOf(its, end - start);
    for (let g = 0; g < heads * groups; g++, out += bytes(longest * longest)) {
      if (g % groups == 0) packKeys(scratch, k + bytes(start * kv_width + (g / groups) * head_dim), bytes(kv_width), keys, head_dim);
      let place = 0;
      for (let row = start; row < end; row += BLOCK) {
        const rows = min(end - row, BLOCK);
        // biome-ignore format: what a block is, then what all have in common
        nearProbabilities(
          scores, q + bytes(row * width + g * head_dim), bytes(width), scratch, its, places + bytes(start), biasOfHead(bias, g, reach),
          row - start, rows, keys, head_dim, scale, before, after, reach,
        );
        for (let r = 0; r < rows; r++, place++) {
          place = nextPlace(kept, place, longest);
          show(out + bytes(place * longest), scores, r, kept, longest);
        }
      }
    }
  }
}
