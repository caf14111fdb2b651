import { GROUP } from '../../src/ops/limits';
/*
 * Weights of four bits in groups of 32 along a row. Byte i of a group's sixteen holds weight i in its lower half and weight i + 16 in
 * its upper one, each plus 8. A weight q in a group of step s stands for the whole number
 *
 *   ⌊(q · s + 16) / 32⌋        q from -8 to 7, s from 0 to 255, so from -64 to 56
 *
 * which is a weight like those of eight bits, with the scale of its row.
 */

/** What each of the sixteen nibbles stands for in a group of this step. */
// @ts-ignore: decorator
@inline
function table(step: i32): v128 {
  const steps = i16x8.splat(<i16>step);
  const half = i16x8.splat(16);
  const low = i16x8.add(i16x8.mul(i16x8(-8, -7, -6, -5, -4, -3, -2, -1), steps), half);
  const high = i16x8.add(i16x8.mul(i16x8(0, 1, 2, 3, 4, 5, 6, 7), steps), half);
  return i8x16.narrow_i16x8_s(i16x8.shr_s(low, 5), i16x8.shr_s(high, 5));
}

/** Unpacks the group at p to 32 bytes. */
// @ts-ignore: decorator
@inline
function unpackGroup(out: usize, p: usize, step: i32): void {
  const nibbles = v128.load(p);
  const values = table(step);
  v128.store(out, i8x16.swizzle(values, v128.and(nibbles, i8x16.splat(15))));
  v128.store(out, i8x16.swizzle(values, i8x16.shr_u(nibbles, 4)), 16);
}

/** Columns at … at + width of `rows` rows from `row` on, as int8 rows of `width` bytes; all of at, width and k, the columns of a row, are multiples of 32. */
export function unpackRows(out: usize, weight: usize, steps: usize, row: i32, rows: i32, k: i32, at: i32, width: i32): void {
  for (; rows > 0; rows--, row++) {
    const first = <usize>(row * (k / GROUP) + at / GROUP);
    let p = weight + (first << 4);
    let s = steps + first;
    for (const end = out + width; out < end; out += GROUP, p += 16, s++) unpackGroup(out, p, load<u8>(s));
  }
}
