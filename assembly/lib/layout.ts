import { ATTENTION_BLOCK as BLOCK } from '../../src/ops/limits';
import { checkSequences, keysOf, LEFT_OUT, maskedScores, nextPlace, packKeys, probabilities, roundUp, scoresAt, spread } from './attention';
import { checkRowsApart } from './contract';
import { bytes } from './simd';

/**
 * What attention makes of each query and key, laid out as [batch, heads, longest, longest]: probabilities, or the scores that these are
 * made of. Zeros behind the last row of a sequence; keys without a row have a probability of 0, or the score LEFT_OUT.
 */
export function layOut(
  softmax: bool,
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
  const stride = bytes(width);
  checkSequences(mask, starts, scratch, batch, longest, heads, head_dim);
  assert(compact == 0 || mask != 0, 'rows of some tokens need the mask of all');
  checkRowsApart(out, batch * heads * longest * longest, q, starts, batch, heads * head_dim, width);
  checkRowsApart(out, batch * heads * longest * longest, k, starts, batch, heads * head_dim, width);
  const outStride = bytes(longest);
  const scores = scoresAt(scratch, longest, head_dim);
  memory.fill(out, 0, outStride * <usize>(batch * heads * longest));
  for (let b = 0; b < batch; b++, starts += 4) {
    const start = load<i32>(starts);
    const end = load<i32>(starts, 4);
    const its: usize = mask == 0 || compact != 0 ? 0 : mask + bytes(start);
    const places: usize = compact != 0 ? mask + bytes(b * longest) : 0;
    const keys = keysOf(its, end - start);
    const rowBytes = bytes(roundUp(keys));
    for (let h = 0; h < heads; h++, out += outStride * <usize>longest) {
      const head = bytes(h * head_dim);
      packKeys(scratch, k + <usize>start * stride + head, stride, keys, head_dim);
      let place = 0;
      for (let row = start; row < end; row += BLOCK) {
        const rows = min(end - row, BLOCK);
        const from = q + <usize>row * stride + head;
        if (softmax) probabilities(scores, from, stride, scratch, its, rows, keys, head_dim, scale);
        else maskedScores(scores, from, stride, scratch, its, rows, keys, head_dim, scale);
        for (let r = 0; r < rows; r++, place++) {
          place = nextPlace(places, place, longest);
          const from = scores + <usize>r * rowBytes;
          const to = out + <usize>place * outStride;
          if (!softmax) leaveOut(to, longest);
          if (places == 0) memory.copy(to, from, bytes(keys));
          else spread(to, from, places, 0, keys, longest);
        }
      }
    }
  }
}

function leaveOut(scores: usize, count: i32): void {
  for (; count > 0; count--, scores += 4) store<f32>(scores, LEFT_OUT);
}
