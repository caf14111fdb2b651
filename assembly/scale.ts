import { checkInPlace } from './lib/contract';
import { load4, store4 } from './lib/simd';

/** out[i] = factor · x[i]; out may be x. */
export function scale(out: usize, x: usize, n: i32, factor: f32): void {
  checkInPlace(out, x, n);
  const factors = f32x4.splat(factor);
  for (; n > 0; n -= 4, out += 16, x += 16) store4(out, f32x4.mul(load4(x, n), factors), n);
}
