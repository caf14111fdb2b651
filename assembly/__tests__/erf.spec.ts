import { Activation, activate } from '../lib/activation';
import { erf4, normalTail4 } from '../lib/erf';
import { erfc, ulps } from './accuracy';

function erf(x: f32): f32 {
  return f32x4.extract_lane(erf4(f32x4.splat(x)), 3);
}

function tail(a: f32): f32 {
  return f32x4.extract_lane(normalTail4(f32x4.splat(a)), 0);
}

function gelu(x: f32): f32 {
  return f32x4.extract_lane(activate(Activation.gelu, f32x4.splat(x)), 0);
}

describe('normalTail4', () => {
  it('is within 7 ulp up to 13 and ends in 0', () => {
    let worst: f64 = 0;
    for (let i = 0; i <= 260000; i++) {
      const a = <f32>(<f64>i / 20000);
      worst = max(worst, ulps(tail(a), erfc(<f64>a / Math.SQRT2) / 2));
    }
    expect(worst).toBeLessThanOrEqual(7);
    expect(tail(13.2)).toBe(0);
    expect(tail(100)).toBe(0);
    expect(tail(Infinity)).toBe(0);
    expect(isNaN(tail(NaN))).toBe(true);
  });
});

describe('erf4', () => {
  it('is within 2e-7 everywhere', () => {
    let worst: f64 = 0;
    for (let i = -100000; i <= 100000; i++) {
      const x = <f32>(<f64>i / 20000);
      worst = max(worst, Math.abs(<f64>erf(x) - (1 - erfc(<f64>x))));
    }
    expect(worst).toBeLessThan(2e-7);
    expect(erf(Infinity)).toBe(1);
    expect(erf(-Infinity)).toBe(-1);
    expect(isNaN(erf(NaN))).toBe(true);
    expect(reinterpret<u32>(erf(-0.0))).toBe(0x80000000);
  });
});

describe('gelu', () => {
  it('is within 4 ulp above 0 and 7 below, down to -12', () => {
    let above: f64 = 0;
    let below: f64 = 0;
    for (let i = 1; i <= 240000; i++) {
      const x = <f32>(<f64>i / 20000);
      above = max(above, ulps(gelu(x), (<f64>x * erfc(-<f64>x / Math.SQRT2)) / 2));
      below = max(below, ulps(gelu(-x), (-<f64>x * erfc(<f64>x / Math.SQRT2)) / 2));
    }
    expect(above).toBeLessThanOrEqual(4);
    expect(below).toBeLessThanOrEqual(7);
  });
});
