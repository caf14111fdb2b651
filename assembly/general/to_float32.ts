import { checkInPlace } from '../lib/contract';
import { load4, store4 } from '../lib/simd';

/** out[i] = x[i], whole numbers as floats, rounded to the nearest one; out may be x. */
export function to_float32(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  for (; n > 0; n -= 4, out += 16, x += 16) store4(out, f32x4.convert_i32x4_s(load4(x, n)), n);
}
