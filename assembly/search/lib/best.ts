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

/** What a score has to be above to be among the `most` best. */
export function barOf(list: usize, most: i32): f64 {
  return load<i32>(list) == most ? load<f64>(hit(list, 0)) : -Infinity;
}

/** Takes a hit whose score is above the bar into a list of at most `most`. Answers the new bar. */
export function take(list: usize, most: i32, score: f64, row: i32): f64 {
  const held = load<i32>(list);
  if (held == most) sink(list, held, score, row);
  else {
    rise(list, held, score, row);
    store<i32>(list, held + 1);
  }
  return barOf(list, most);
}
