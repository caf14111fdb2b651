import { BLOCK_ROWS, HIT_BYTES, LENGTHS_BYTES } from '../../src/search/limits';
import { take } from './lib/best';
import { dots } from './lib/dots';

/**
 * Compares `asked` queries with rows, and keeps the best of each in lists as lib/best.ts draws them. Rows lie in blocks as src/search/scanner.ts draws
 * them from `base` on, `rows` of them, the first of which is called `first`; these are `span` blocks a shard from `block` on, at most, and so
 * many shards. Each shard has its own lists, of at most `most` hits. Rows have `stride` bytes and `bits` bits, queries `queryStride`
 * bytes; `kind` is a number of limits.ts. With `lengths`, a float64 a query, scores are cosines. scratch: a float64 for each row of a block and two more.
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
      for (let q = 0; q < asked; q++) {
        dots(kind, scratch, queries + <usize>q * queryStride, at + LENGTHS_BYTES, count, stride, bits);
        const length = lengths == 0 ? 0 : load<f64>(lengths + (<usize>q << 3));
        take(lists + listBytes * q, most, scratch, lengths == 0 ? 0 : at, length, first + i * BLOCK_ROWS, count);
      }
    }
}
