import { AMAX, AMIN, MEAN, SUM, VAR, VAR_BIASED } from '../../src/ops/functions';
import { checkApart, checkDims, checkElements } from '../lib/contract';
import { bytes } from '../lib/simd';
import { sumOf } from './lib/rows';

function extreme(x: usize, cols: i32, largest: bool): f32 {
  let best: f32 = largest ? -Infinity : Infinity;
  for (; cols > 0; cols--, x += 4) best = largest ? max<f32>(best, load<f32>(x)) : min<f32>(best, load<f32>(x));
  return best;
}

function variance(x: usize, cols: i32, freedom: f64): f64 {
  const mean = sumOf(x, cols, 0, false) / <f64>cols;
  return sumOf(x, cols, mean, true) / max<f64>(freedom, 0);
}

function reduced(number: i32, x: usize, cols: i32): f32 {
  switch (number) {
    case SUM:
      return <f32>sumOf(x, cols, 0, false);
    case MEAN:
      return <f32>(sumOf(x, cols, 0, false) / <f64>cols);
    case AMAX:
    case AMIN:
      return extreme(x, cols, number == AMAX);
    case VAR:
    case VAR_BIASED:
      return <f32>variance(x, cols, <f64>(number == VAR ? cols - 1 : cols));
  }
  return unreachable();
}

/** out[r] = f of the `cols` elements of row r; sums are made in float64. out overlaps no operand. */
export function reduce(out: usize, x: usize, number: i32, rows: i32, cols: i32): void {
  checkElements(out | x);
  checkDims(rows, cols);
  checkApart(out, rows, x, rows * cols);
  for (; rows > 0; rows--, out += 4, x += bytes(cols)) store<f32>(out, reduced(number, x, cols));
}
