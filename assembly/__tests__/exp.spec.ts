import { exp4 } from '../lib/exp';
import { ulps } from './accuracy';

function exp(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 1);
}

describe('exp4', () => {
  it('is within 1.2 ulp of every 997th float above -86.9', () => {
    let worst: f64 = 0;
    for (let bits: u32 = 0; bits <= 0x42d40000; bits += 997) {
      const x = reinterpret<f32>(bits);
      worst = max(worst, ulps(exp(x), Math.exp(<f64>x)));
      if (x < 86.9) worst = max(worst, ulps(exp(-x), Math.exp(<f64>-x)));
    }
    expect(worst).toBeLessThanOrEqual(1.2);
  });

  it('ends in 0 and infinity', () => {
    expect(exp(-Infinity)).toBe(0);
    expect(exp(-f32.MAX_VALUE)).toBe(0);
    expect(exp(-87.1)).toBe(0);
    expect(exp(88.7)).toBeLessThan(Infinity);
    expect(exp(88.8)).toBe(Infinity);
    expect(exp(Infinity)).toBe(Infinity);
    expect(isNaN(exp(NaN))).toBe(true);
    expect(exp(0)).toBe(1);
    expect(exp(-0.0)).toBe(1);
  });
});
