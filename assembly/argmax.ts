import { checkApart, checkDims, checkElements } from './lib/contract';
import { bytes } from './lib/simd';

/** out[r] = where in row r of x, of `cols` (at least 1) elements, the first largest stands, or the first NaN. out overlaps no operand. */
export function argmax(out: usize, x: usize, rows: i32, cols: i32): void {
  checkElements(out | x);
  checkDims(rows, cols);
  checkApart(out, rows, x, rows * cols);
  for (; rows > 0; rows--, out += 4, x += bytes(cols)) {
    let best = load<f32>(x);
    let at = 0;
    for (let col = 1; col < cols && best == best; col++) {
      const value = load<f32>(x + bytes(col));
      if (value <= best) continue;
      best = value;
      at = col;
    }
    store<i32>(out, at);
  }
}
