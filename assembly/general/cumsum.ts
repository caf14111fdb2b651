import { checkDims, checkInPlace } from '../lib/contract';

/** out[r, i] = x[r, 0] + … + x[r, i] for rows of cols elements, each sum made in float64; out may be x. */
export function cumsum(out: usize, x: usize, rows: i32, cols: i32): void {
  checkDims(rows, cols);
  checkInPlace(out, x, rows * cols);
  for (; rows > 0; rows--) {
    let sum: f64 = 0;
    for (let i = 0; i < cols; i++, out += 4, x += 4) {
      sum += <f64>load<f32>(x);
      store<f32>(out, <f32>sum);
    }
  }
}
