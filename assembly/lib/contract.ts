/** What every kernel asks of its caller. In release builds these functions are empty and vanish. */

/** A pointer to float32 or int32 elements. */
// @ts-ignore: decorator
@inline
export function checkElements(p: usize): void {
  assert((p & 3) == 0, 'pointer to elements is not a multiple of 4');
}

/** A pointer to weights in panels or to scratch. */
// @ts-ignore: decorator
@inline
export function checkWide(p: usize): void {
  assert((p & 15) == 0, 'pointer to weights in panels or scratch is not a multiple of 16');
}

// @ts-ignore: decorator
@inline
export function checkDims(a: i32, b: i32 = 0, c: i32 = 0, d: i32 = 0): void {
  assert((a | b | c | d) >= 0, 'dimension below 0');
}

/** Elements from the first to the last of `rows` rows of `cols`, `width` apart. */
// @ts-ignore: decorator
@inline
export function spanOf(rows: i32, cols: i32, width: i32): i32 {
  assert(width >= cols, 'rows overlap');
  return rows == 0 ? 0 : (rows - 1) * width + cols;
}

/** The result and an operand, both of `count` elements from their pointers on, share no byte. */
// @ts-ignore: decorator
@inline
export function checkApart(out: usize, outCount: i32, x: usize, count: i32): void {
  assert(x == 0 || out + ((<usize>outCount) << 2) <= x || x + ((<usize>count) << 2) <= out, 'result overlaps an operand');
}

/** The result and the operand it may overwrite are the same `count` elements, or share no byte. */
// @ts-ignore: decorator
@inline
export function checkInPlace(out: usize, x: usize, count: i32): void {
  checkElements(out);
  checkElements(x);
  checkDims(count);
  if (out != x) checkApart(out, count, x, count);
}

/** The operands of out = a op b, where b stands for every period of the n elements of a; out may be a, not b. */
export function checkBroadcast(out: usize, a: usize, b: usize, n: i32, period: i32): void {
  if (ASC_NO_ASSERT) return;
  checkInPlace(out, a, n);
  checkDims(period);
  checkElements(b);
  checkApart(out, n, b, period);
  assert(n == 0 || (period > 0 && n % period == 0), 'n is not a multiple of period');
}

/** How many rows `starts` speaks of. */
// @ts-ignore: decorator
@inline
export function rowsIn(starts: usize, batch: i32): i32 {
  checkElements(starts);
  checkDims(batch);
  return ASC_NO_ASSERT ? 0 : load<i32>(starts + ((<usize>batch) << 2));
}

/** Cumulative row counts: from 0 on, never falling, no sequence longer than `longest`. */
export function checkStarts(starts: usize, batch: i32, longest: i32): void {
  if (ASC_NO_ASSERT) return;
  checkElements(starts);
  let last = load<i32>(starts);
  assert(last >= 0, 'sequence starts below row 0');
  for (let b = 1; b <= batch; b++) {
    const next = load<i32>(starts + ((<usize>b) << 2));
    assert(next >= last, 'sequence ends before it starts');
    assert(next - last <= longest, 'sequence is longer than the longest');
    last = next;
  }
}

/** The rows of x that `starts` speaks of, `cols` elements each and `width` apart, and the result share no byte. */
export function checkRowsApart(out: usize, outCount: i32, x: usize, starts: usize, batch: i32, cols: i32, width: i32): void {
  if (ASC_NO_ASSERT) return;
  checkElements(out | x);
  checkApart(out, outCount, x, spanOf(load<i32>(starts + ((<usize>batch) << 2)), cols, width));
}

/** The operands that integer products have in common: float32 but for the weights, which are read by any byte. */
export function checkInteger(
  out: usize,
  x: usize,
  scale: usize,
  sums: usize,
  smooth: usize,
  bias: usize,
  scratch: usize,
  m: i32,
  n: i32,
  k: i32,
  width: i32,
): void {
  if (ASC_NO_ASSERT) return;
  checkElements(out | x | scale | sums | smooth | bias);
  checkWide(scratch);
  checkDims(m, n, k);
  const span = spanOf(m, n, width);
  checkApart(out, span, x, m * k);
  checkApart(out, span, scale, n);
  checkApart(out, span, sums, n);
  checkApart(out, span, smooth, k);
  checkApart(out, span, bias, n);
}
