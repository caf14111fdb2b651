import { hmax, hmin, hsum, loadPart, madd, nmadd, storePart } from '../lib/simd';

function lane(x: v128): f32 {
  return f32x4.extract_lane(x, 0);
}

describe('madd', () => {
  it('multiplies and adds, in one rounding or in two', () => {
    const x = reinterpret<f32>(0x3f800001);
    const exact = <f64>x * <f64>x - 1;
    const once = <f32>exact;
    const twice = <f32>(<f64>(<f32>(<f64>x * <f64>x)) - 1);
    const got = lane(madd(f32x4.splat(x), f32x4.splat(x), f32x4.splat(-1)));
    expect(got == twice || (ASC_FEATURE_RELAXED_SIMD && got == once)).toBe(true);
    expect(lane(nmadd(f32x4.splat(x), f32x4.splat(x), f32x4.splat(1)))).toBe(-got);
    expect(lane(madd(f32x4.splat(3), f32x4.splat(5), f32x4.splat(7)))).toBe(22);
    expect(lane(nmadd(f32x4.splat(3), f32x4.splat(5), f32x4.splat(7)))).toBe(-8);
  });
});

describe('hsum, hmax and hmin', () => {
  it('add lanes in pairs: (0 + 2) + (1 + 3)', () => {
    expect(hsum(f32x4(1, 2, 3, 4))).toBe(10);
    expect(hsum(f32x4(1e8, 1, -1e8, 1))).toBe(2);
    expect(hsum(f32x4(1e8, -1e8, 1, 1))).toBe(0);
  });

  it('find the largest lane', () => {
    expect(hmax(f32x4(1, 4, 3, 2))).toBe(4);
    expect(hmax(f32x4(-Infinity, -5, -7, -6))).toBe(-5);
    expect(hmax(f32x4(4, 1, 2, 3))).toBe(4);
    expect(hmax(f32x4(1, 2, 4, 3))).toBe(4);
    expect(hmax(f32x4(1, 2, 3, 4))).toBe(4);
  });

  it('find the smallest lane', () => {
    expect(hmin(f32x4(1, 4, 3, 2))).toBe(1);
    expect(hmin(f32x4(4, 1, 2, 3))).toBe(1);
    expect(hmin(f32x4(4, 2, 1, 3))).toBe(1);
    expect(hmin(f32x4(4, 2, 3, 1))).toBe(1);
    expect(hmin(f32x4(Infinity, 5, 7, 6))).toBe(5);
  });

  it('answer NaN wherever it stands', () => {
    const places = [f32x4(NaN, 1, 2, 3), f32x4(1, NaN, 2, 3), f32x4(1, 2, NaN, 3), f32x4(1, 2, 3, NaN)];
    for (let i = 0; i < 4; i++) {
      expect(isNaN(hmax(places[i]))).toBe(true);
      expect(isNaN(hmin(places[i]))).toBe(true);
    }
  });
});

describe('loadPart and storePart', () => {
  it('touch the first elements only', () => {
    const from = new StaticArray<f32>(4);
    for (let i = 0; i < 4; i++) from[i] = <f32>(i + 1);
    for (let count = 1; count <= 3; count++) {
      const x = loadPart(changetype<usize>(from), count, f32x4.splat(9));
      const to = new StaticArray<f32>(4);
      storePart(changetype<usize>(to), x, count);
      for (let i = 0; i < 4; i++) expect(to[i]).toBe(i < count ? from[i] : 0);
      expect(f32x4.extract_lane(x, 3)).toBe(9);
    }
  });
});
