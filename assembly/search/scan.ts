import { BLOCK_ROWS, FLOATS, HIT_BYTES, LENGTHS_BYTES } from '../../src/search/limits';
import { barOf, take } from './lib/best';
import { dots, floatDot, roughDots } from './lib/dots';

/** Half a step of float32, with room for the roundings of float64. */
const ROUNDING: f64 = 6.1e-8;
const DOUBLE_ROUNDINGS: f64 = 1e-12;
/** Products of lengths above which sums of float32 might not be finite, and sums below which they lose more than ROUNDING. */
const HUGE: f64 = 1e37;
const TINY: f64 = 1e-36;

// @ts-ignore: decorator
@inline
function scoreOf(product: f64, both: f64, cosine: bool): f64 {
  return cosine && both != 0 ? product / both : product;
}

/** Scores rows by sums of float32 first, and in float64 those that may be among the best: such a sum is off by a share of both lengths at most. */
function scanFloats(list: usize, most: i32, query: usize, length: f64, block: usize, scratch: usize, first: i32, count: i32, stride: i32, cosine: bool): void {
  const rows = block + LENGTHS_BYTES;
  const slack = ROUNDING * <f64>((stride >> 2) + 4) + DOUBLE_ROUNDINGS;
  roughDots(scratch, query + (<usize>stride << 1), rows, count, stride);
  let bar = barOf(list, most);
  for (let r = 0; r < count; r++) {
    const both = length * load<f64>(block + (<usize>r << 3));
    const rough = <f64>load<f32>(scratch + (<usize>r << 2));
    const atMost = rough + slack * both + TINY;
    const needed = cosine ? bar * both : bar;
    if (both < HUGE && needed > atMost) continue;
    const score = scoreOf(floatDot(query, rows + <usize>r * stride, stride), both, cosine);
    if (score > bar) bar = take(list, most, score, first + r);
  }
}

function scanOthers(
  list: usize,
  most: i32,
  query: usize,
  length: f64,
  block: usize,
  scratch: usize,
  first: i32,
  count: i32,
  stride: i32,
  cosine: bool,
  bits: i32,
  kind: i32,
): void {
  dots(kind, scratch, query, block + LENGTHS_BYTES, count, stride, bits);
  let bar = barOf(list, most);
  for (let r = 0; r < count; r++) {
    const both = cosine ? length * load<f64>(block + (<usize>r << 3)) : 1;
    const score = scoreOf(load<f64>(scratch + (<usize>r << 3)), both, cosine);
    if (score > bar) bar = take(list, most, score, first + r);
  }
}

/**
 * Compares `asked` queries with rows, and keeps the best of each in lists as lib/best.ts draws them. Rows lie in blocks as src/search/scanner.ts draws
 * them from `base` on, `rows` of them, the first of which is called `first`; these are `span` blocks a shard from `block` on, at most, and so
 * many shards. Each shard has its own lists, of at most `most` hits. Rows have `stride` bytes and `bits` bits, queries `queryStride`
 * bytes and `lengths`, a float64 each; `kind` is a number of limits.ts. Scores are cosines if `cosine` is set. scratch: a float64 for each row of a
 * block and two more.
 */
export function scan(
  lists: usize,
  queries: usize,
  lengths: usize,
  block: usize,
  base: usize,
  scratch: usize,
  first: i32,
  rows: i32,
  span: i32,
  shards: i32,
  asked: i32,
  most: i32,
  stride: i32,
  queryStride: i32,
  cosine: bool,
  bits: i32,
  kind: i32,
): void {
  const blockBytes = <usize>LENGTHS_BYTES + <usize>stride * BLOCK_ROWS;
  const blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const listBytes = <usize>(most + 1) * HIT_BYTES;
  let from = <i32>((block - base) / blockBytes);
  for (; shards > 0; shards--, from += span, lists += listBytes * asked)
    for (let i = from, end = min(from + span, blocks); i < end; i++) {
      const at = base + <usize>i * blockBytes;
      const count = min(rows - i * BLOCK_ROWS, BLOCK_ROWS);
      const row = first + i * BLOCK_ROWS;
      for (let q = 0; q < asked; q++) {
        const list = lists + listBytes * q;
        const query = queries + <usize>q * queryStride;
        const length = load<f64>(lengths + (<usize>q << 3));
        if (kind == FLOATS) scanFloats(list, most, query, length, at, scratch, row, count, stride, cosine);
        else scanOthers(list, most, query, length, at, scratch, row, count, stride, cosine, bits, kind);
      }
    }
}
