import { HIT_BYTES } from '../../../src/search/limits';

/*
 * A list of the best hits: how many there are, an int32 in HIT_BYTES bytes, then as many hits as a heap, the worst first: a score, float64, and
 * a row, int32. Of equal scores that of the lower row is better. Rows come in rising order.
 */

// @ts-ignore: decorator
@inline
function hit(list: usize, at: i32): usize {
  return list + <usize>(at + 1) * HIT_BYTES;
}

// @ts-ignore: decorator
@inline
function isBelow(a: usize, score: f64, row: i32): bool {
  const other = load<f64>(a);
  return other < score || (other == score && load<i32>(a, 8) > row);
}

// @ts-ignore: decorator
@inline
function put(at: usize, score: f64, row: i32): void {
  store<f64>(at, score);
  store<i32>(at, row, 8);
}

function rise(list: usize, at: i32, score: f64, row: i32): void {
  while (at > 0) {
    const up = (at - 1) >> 1;
    const above = hit(list, up);
    if (isBelow(above, score, row)) break;
    put(hit(list, at), load<f64>(above), load<i32>(above, 8));
    at = up;
  }
  put(hit(list, at), score, row);
}

function sink(list: usize, count: i32, score: f64, row: i32): void {
  let at = 0;
  for (let child = 1; child < count; child = 2 * at + 1) {
    let next = hit(list, child);
    if (child + 1 < count) {
      const other = hit(list, child + 1);
      if (isBelow(other, load<f64>(next), load<i32>(next, 8))) {
        next = other;
        child++;
      }
    }
    if (!isBelow(next, score, row)) break;
    put(hit(list, at), load<f64>(next), load<i32>(next, 8));
    at = child;
  }
  put(hit(list, at), score, row);
}

/** Takes the hits of `count` rows from `row` on into a list of at most `most`: a product each, divided by `length` times that of the row if lengths are given. */
export function take(list: usize, most: i32, products: usize, lengths: usize, length: f64, row: i32, count: i32): void {
  let held = load<i32>(list);
  let bar = held == most ? load<f64>(hit(list, 0)) : -Infinity;
  for (let i = 0; i < count; i++) {
    let score = load<f64>(products + (<usize>i << 3));
    if (lengths != 0) {
      const both = length * load<f64>(lengths + (<usize>i << 3));
      if (both != 0) score /= both;
    }
    if (held == most) {
      if (score <= bar) continue;
      sink(list, held, score, row + i);
    } else rise(list, held++, score, row + i);
    if (held == most) bar = load<f64>(hit(list, 0));
  }
  store<i32>(list, held);
}
