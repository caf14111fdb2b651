import { checkDims, checkElements } from './lib/contract';
import { bytes } from './lib/simd';

/**
 * out[r, c] = x[r, c] · scale[r], x int8. x may be the last quarter of out's bytes, as it is where a weight was read to the end of
 * its own room: elements are taken front to back, so nothing is overwritten unread. No other overlap.
 */
export function dequantize(out: usize, x: usize, scale: usize, rows: i32, cols: i32): void {
  checkElements(out | scale);
  checkDims(rows, cols);
  assert(
    out + bytes(rows * cols) <= x || x + rows * cols <= out || x == out + 3 * <usize>(rows * cols),
    'x overlaps the result but is not its last quarter',
  );
  assert(scale + bytes(rows) <= out || out + bytes(rows * cols) <= scale, 'scale overlaps the result');
  for (let r = 0; r < rows; r++, scale += 4) {
    const factor = load<f32>(scale);
    const factors = f32x4.splat(factor);
    let c = 0;
    for (; c + 16 <= cols; c += 16, x += 16, out += 64) {
      const all = v128.load(x);
      const low = i16x8.extend_low_i8x16_s(all);
      const high = i16x8.extend_high_i8x16_s(all);
      v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(low)), factors));
      v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(low)), factors), 16);
      v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(high)), factors), 32);
      v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(high)), factors), 48);
    }
    for (; c < cols; c++, x++, out += 4) store<f32>(out, <f32>load<i8>(x) * factor);
  }
}
