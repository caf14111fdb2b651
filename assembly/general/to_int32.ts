import { checkInPlace } from '../lib/contract';
import { load4, store4 } from '../lib/simd';

/** out[i] = x[i] as a whole number, rounded towards 0: the nearest there is for what is beyond them all, 0 for NaN. out may be x. */
export function to_int32(out: usize, x: usize, n: i32): void {
  checkInPlace(out, x, n);
  for (; n > 0; n -= 4, out += 16, x += 16) store4(out, i32x4.trunc_sat_f32x4_s(load4(x, n)), n);
}
