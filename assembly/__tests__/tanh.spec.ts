import { tanh4 } from '../lib/tanh';
import { ulps } from './accuracy';

function tanh(x: f32): f32 {
  return f32x4.extract_lane(tanh4(f32x4.splat(x)), 2);
}

describe('tanh4', () => {
  it('is within 1.5 ulp of floats throughout, and odd', () => {
    let worst: f64 = 0;
    let odd = true;
    for (let bits: u32 = 0; bits <= 0x7f800000; bits += bits < 0x42000000 && bits > 0x38000000 ? 97 : 99991) {
      const x = reinterpret<f32>(bits);
      worst = max(worst, ulps(tanh(x), Math.tanh(<f64>x)));
      odd = odd && reinterpret<u32>(tanh(-x)) == (reinterpret<u32>(tanh(x)) ^ 0x80000000);
    }
    expect(worst).toBeLessThanOrEqual(1.5);
    expect(odd).toBe(true);
  });

  it('ends in ±1', () => {
    expect(tanh(Infinity)).toBe(1);
    expect(tanh(-Infinity)).toBe(-1);
    expect(tanh(10)).toBe(1);
    expect(isNaN(tanh(NaN))).toBe(true);
    expect(reinterpret<u32>(tanh(-0.0))).toBe(0x80000000);
  });
});
