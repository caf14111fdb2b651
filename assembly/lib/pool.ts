import { checkApart, checkDims, checkElements, checkRowsApart, checkStarts } from './contract';
import { addRow } from './norm';
import { bytes, load4, madd, store4 } from './simd';

/** What ops that make one row of each sequence ask: out[b] of rows starts[b] … starts[b + 1] of x, `cols` elements each. out overlaps no operand. */
export function checkPooled(out: usize, x: usize, mask: usize, starts: usize, batch: i32, cols: i32): void {
  if (ASC_NO_ASSERT) return;
  checkElements(out | x | mask);
  checkDims(batch, cols);
  checkStarts(starts, batch, i32.MAX_VALUE);
  checkApart(out, batch * cols, starts, batch + 1);
  checkRowsApart(out, batch * cols, x, starts, batch, cols, cols);
}

/** Whether row r is one that `mask` (an int32 a row, pointer 0: all) lets through. */
// @ts-ignore: decorator
@inline
export function isKept(mask: usize, r: i32): bool {
  return mask == 0 || load<i32>(mask + bytes(r)) != 0;
}

/** The first row from `r` on that `mask` lets through, or `end`. */
export function firstKept(mask: usize, r: i32, end: i32): i32 {
  while (r < end && !isKept(mask, r)) r++;
  return r;
}

/** out = the first row from `r` to `end` that `mask` lets through, or zeros; answers which it is, or `end`. */
export function copyFirst(out: usize, x: usize, mask: usize, r: i32, end: i32, cols: i32): i32 {
  const first = firstKept(mask, r, end);
  if (first == end) memory.fill(out, 0, bytes(cols));
  else memory.copy(out, x + <usize>first * bytes(cols), bytes(cols));
  return first;
}

/** out = the last row from `r` to `end` that `mask` lets through, or zeros. */
export function copyLast(out: usize, x: usize, mask: usize, r: i32, end: i32, cols: i32): void {
  let last = end - 1;
  while (last >= r && !isKept(mask, last)) last--;
  if (last < r) memory.fill(out, 0, bytes(cols));
  else memory.copy(out, x + <usize>last * bytes(cols), bytes(cols));
}

/** out = the sum of the rows r … end that `mask` lets through, added in order; answers how many there are. */
export function sumKept(out: usize, x: usize, mask: usize, r: i32, end: i32, cols: i32): f32 {
  let count: f32 = 0;
  memory.fill(out, 0, bytes(cols));
  for (; r < end; r++)
    if (isKept(mask, r)) {
      addRow(out, out, x + <usize>r * bytes(cols), cols);
      count += 1;
    }
  return count;
}

/** out += weight · x for one row. */
export function addWeighted(out: usize, x: usize, weight: f32, cols: i32): void {
  const weights = f32x4.splat(weight);
  for (; cols > 0; cols -= 4, out += 16, x += 16) store4(out, madd(weights, load4(x, cols), load4(out, cols)), cols);
}

/** Sums without rows are divided by this, as in sentence-transformers. */
const LEAST: f32 = 1e-9;

/** out = out / max(divisor, LEAST) for one row. */
export function divideRow(out: usize, divisor: f32, cols: i32): void {
  const divisors = f32x4.splat(max<f32>(divisor, LEAST));
  for (; cols > 0; cols -= 4, out += 16) store4(out, f32x4.div(load4(out, cols), divisors), cols);
}
