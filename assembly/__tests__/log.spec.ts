import { logOf } from '../lib/log';
import { ulps } from './accuracy';

describe('logOf', () => {
  it('is within 0.51 ulp from 1 up', () => {
    let worst: f64 = 0;
    for (let bits: u32 = 0x3f800000; bits < 0x7f800000; bits += 997) {
      const x = reinterpret<f32>(bits);
      worst = max(worst, ulps(logOf(x), Math.log(<f64>x)));
    }
    expect(worst).toBeLessThanOrEqual(0.51);
    expect(logOf(1)).toBe(0);
    expect(logOf(Infinity)).toBe(Infinity);
    expect(isNaN(logOf(NaN))).toBe(true);
  });
});
