import { checkApart, checkDims, checkElements } from '../lib/contract';
import { bytes } from '../lib/simd';

/** Whether element i of a row stands before element j: the larger, or the smaller, and of equals the first; NaN is above all. */
// @ts-ignore: decorator
@inline
function precedes(x: usize, i: i32, j: i32, largest: bool): bool {
  const a = load<f32>(x + bytes(i));
  const b = load<f32>(x + bytes(j));
  if (a == b || (a != a && b != b)) return i < j;
  return (a > b || a != a) == largest;
}

/** Moves the id at `at` of a heap of `count` down to its place. Below each id stand those that precede it. */
function sink(heap: usize, at: i32, count: i32, x: usize, largest: bool): void {
  const id = load<i32>(heap + bytes(at));
  for (let below = 2 * at + 1; below < count; below = 2 * at + 1) {
    let child = load<i32>(heap + bytes(below));
    if (below + 1 < count) {
      const other = load<i32>(heap + bytes(below + 1));
      if (precedes(x, child, other, largest)) {
        child = other;
        below++;
      }
    }
    if (precedes(x, child, id, largest)) break;
    store<i32>(heap + bytes(at), child);
    at = below;
  }
  store<i32>(heap + bytes(at), id);
}

/** Fills `heap` with the `k` ids of a row that precede all others, the last of them first, then sorts it. */
function select(heap: usize, x: usize, cols: i32, k: i32, largest: bool): void {
  for (let i = 0; i < k; i++) store<i32>(heap + bytes(i), i);
  for (let at = k / 2 - 1; at >= 0; at--) sink(heap, at, k, x, largest);
  for (let i = k; i < cols; i++) {
    if (!precedes(x, i, load<i32>(heap), largest)) continue;
    store<i32>(heap, i);
    sink(heap, 0, k, x, largest);
  }
  for (let count = k - 1; count > 0; count--) {
    const worst = load<i32>(heap);
    store<i32>(heap, load<i32>(heap + bytes(count)));
    store<i32>(heap + bytes(count), worst);
    sink(heap, 0, count, x, largest);
  }
}

/**
 * out[r, i] = where in row r of x, of `cols` elements, the i-th largest stands, or the i-th smallest where `largest` is 0: k of them, at most cols. Of equals
 * the first comes first, and NaN is above all. out overlaps no operand.
 */
export function topk(out: usize, x: usize, rows: i32, cols: i32, k: i32, largest: i32): void {
  checkElements(out | x);
  checkDims(rows, cols, k);
  assert(k <= cols && (largest == 0 || largest == 1));
  checkApart(out, rows * k, x, rows * cols);
  if (k == 0) return;
  for (; rows > 0; rows--, out += bytes(k), x += bytes(cols)) select(out, x, cols, k, largest != 0);
}
