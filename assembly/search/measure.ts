import { FLOATS, SIGNED, SIGNED_BY_FLOATS, UNSIGNED } from '../../src/search/limits';
import { dots, floatDot } from './lib/dots';

/** A row as queries of a kind are: int16 or float64. */
function widen(out: usize, row: usize, stride: i32, kind: i32): void {
  if (kind == FLOATS) for (const end = row + stride; row < end; row += 4, out += 8) store<f64>(out, <f64>load<f32>(row));
  else if (kind == SIGNED) for (const end = row + stride; row < end; row++, out += 2) store<i16>(out, <i16>load<i8>(row));
  else if (kind == UNSIGNED) for (const end = row + stride; row < end; row++, out += 2) store<i16>(out, <i16>load<u8>(row));
  else for (const end = row + stride; row < end; row++, out += 8) store<f64>(out, kind == SIGNED_BY_FLOATS ? <f64>load<i8>(row) : <f64>load<u8>(row));
}

/**
 * lengths[r] = the Euclidean length of row r, a float64, for `count` rows of `stride` bytes, of floats or bytes as `kind` says. scratch: two float64, then a
 * row as queries are.
 */
export function measure(lengths: usize, row: usize, scratch: usize, count: i32, stride: i32, kind: i32): void {
  const query = scratch + 16;
  for (; count > 0; count--, row += stride, lengths += 8) {
    widen(query, row, stride, kind);
    if (kind == FLOATS) store<f64>(scratch, floatDot(query, row, stride));
    else dots(kind, scratch, query, row, 1, stride, 0);
    store<f64>(lengths, sqrt(load<f64>(scratch)));
  }
}
