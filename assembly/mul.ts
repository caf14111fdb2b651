import { checkBroadcast } from './lib/contract';
import { bytes, load4, store4 } from './lib/simd';

/** out[i] = a[i] · b[i % period]; n is a multiple of period. out may be a, not b. */
export function mul(out: usize, a: usize, b: usize, n: i32, period: i32): void {
  checkBroadcast(out, a, b, n, period);
  const stride = bytes(period);
  for (const end = out + bytes(n); out < end; out += stride, a += stride) {
    let i: usize = 0;
    for (let left = period; left > 0; left -= 4, i += 16) store4(out + i, f32x4.mul(load4(a + i, left), load4(b + i, left)), left);
  }
}
