import { checkApart, checkDims, checkElements, checkRowsApart, checkStarts, rowsIn } from '../lib/contract';
import { bytes } from '../lib/simd';

/**
 * out[r, c · kernel + d] = x[s, c] for the row s of the same sequence that stands d - ⌊kernel / 2⌋ places behind row r, 0 where none does or its mask
 * is 0: rows of `cols` floats, those of out `kernel` times as long. places has an int32 a row, and they rise; mask likewise, or is 0. out overlaps no operand.
 */
export function neighbours(
  out: usize,
  x: usize,
  mask: usize,
  starts: usize,
  places: usize,
  batch: i32,
  cols: i32,
  kernel: i32,
): void {
  checkElements(mask | places);
  checkDims(cols, kernel);
  checkStarts(starts, batch, i32.MAX_VALUE);
  const total = rowsIn(starts, batch) * cols * kernel;
  checkApart(out, total, starts, batch + 1);
  checkRowsApart(out, total, x, starts, batch, cols, cols);
  for (let b = 0; b < batch; b++) {
    const start = load<i32>(starts + bytes(b));
    const end = load<i32>(starts + bytes(b + 1));
    for (let row = start; row < end; row++)
      for (let d = 0; d < kernel; d++) {
        const s = standing(places, start, end, row, d - (kernel >> 1));
        const from: usize = s < 0 || (mask != 0 && load<i32>(mask + bytes(s)) == 0) ? 0 : x + <usize>s * bytes(cols);
        column(out + (<usize>row * <usize>cols * bytes(kernel)) + bytes(d), from, cols, bytes(kernel));
      }
  }
}

/** The row of start … end that stands `apart` places behind `row`, or -1. */
function standing(places: usize, start: i32, end: i32, row: i32, apart: i32): i32 {
  const place = load<i32>(places + bytes(row)) + apart;
  const step = apart < 0 ? -1 : 1;
  for (let most = apart * step; most >= 0 && row >= start && row < end; most--, row += step)
    if (load<i32>(places + bytes(row)) == place) return row;
  return -1;
}

/** One float each `step` bytes: those of a row, or zeros. */
function column(out: usize, x: usize, cols: i32, step: usize): void {
  for (; cols > 0; cols--, out += step) {
    store<f32>(out, x == 0 ? 0 : load<f32>(x));
    if (x != 0) x += 4;
  }
}
