import { describe, expect, test } from 'vitest';
import { ln, normal, uniform } from '../../src/base/random.ts';

const WEIGHT = 'bert.embeddings.word_embeddings.weight';
const bits = (values: Float32Array): string[] => Array.from(new Uint32Array(values.buffer), (word) => word.toString(16).padStart(8, '0'));

/** Computed apart from this code, with big integers and correctly rounded logarithms. */
const pinned = [
  [0, '', 'bef04cd8 3e9ed74e 3ea5bbca 3f4b93f1', 'bfa1f737 3f561f47 3e96bf92 3f392bbe 3f1e2aca bed9d7e3'],
  [42, WEIGHT, '3ceba121 bf27f544 bf67070a 3f1bc55d', '3d68aaf3 bfa5d8d4 3f7ac062 3f3db4e4 bccf155a bbd58389'],
  [-1, 'é', '3f1a8eac bf667030 bf0e29ca 3e1c97f5', 'bfb750fc 3ec9ec89 bdcc9830 3f223a09 be730311 beea5039'],
  [2 ** 53 - 1, 'x', 'bf0cd387 bf6b9d71 3f4dc162 3e53324b', '3f563b13 3e5be55b 3ec8620e 3f19968d 4016006a 3ef9834b'],
] as const;

describe('the bits', () => {
  for (const [seed, name, uniforms, normals] of pinned)
    test(`of seed ${seed} and "${name}"`, () => {
      expect(bits(uniform(new Float32Array(4), -1, 1, seed, name)).join(' ')).toBe(uniforms);
      expect(bits(normal(new Float32Array(6), 1, seed, name)).join(' ')).toBe(normals);
    });

  test('of a shorter array are the first of a longer one', () => {
    const long = normal(new Float32Array(1000), 0.02, 7, 'w');
    for (const length of [0, 1, 2, 7, 999]) expect(normal(new Float32Array(length), 0.02, 7, 'w')).toEqual(long.slice(0, length));
  });

  test('stay the same over a million values', () => {
    let hash = 0;
    for (const word of new Uint32Array(normal(new Float32Array(1 << 20), 1, 1, 'all').buffer)) hash = (Math.imul(hash, 31) + word) | 0;
    expect(hash).toBe(-2031838662);
  });
});

test('a seed is a whole number', () => {
  for (const seed of [0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])
    expect(() => normal(new Float32Array(1), 1, seed, 'w')).toThrow(/seed: expected a whole number of at most 53 bits, got/);
});

const COUNT = 1 << 20;

function moments(values: Float32Array): number[] {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const about = (power: number) => values.reduce((sum, x) => sum + (x - mean) ** power, 0) / values.length;
  const variance = about(2);
  return [mean, variance, about(3) / variance ** 1.5, about(4) / variance ** 2];
}

/** Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * tail;
  return x > 0 ? 1 - upper : upper;
}

/** The largest distance between the distribution of `values` and `cdf`, times √n: above 1.95 by chance once in a thousand. */
function kolmogorovSmirnov(values: Float32Array, cdf: (x: number) => number): number {
  const distances = values
    .toSorted()
    .map((x, i) => Math.max(Math.abs(cdf(x) - i / values.length), Math.abs(cdf(x) - (i + 1) / values.length)));
  return distances.reduce((worst, distance) => Math.max(worst, distance), 0) * Math.sqrt(values.length);
}

function correlation(a: Float32Array, b: Float32Array): number {
  return (a.reduce((sum, x, i) => sum + x * b[i], 0) / a.length) * Math.sqrt(a.length);
}

describe('the distribution', () => {
  const sample = normal(new Float32Array(COUNT), 1, 3, WEIGHT);

  test('of normal deviates has the moments of N(0, 1)', () => {
    const [mean, variance, skewness, kurtosis] = moments(sample);
    const off = [mean, (variance - 1) / Math.sqrt(2), skewness / Math.sqrt(6), (kurtosis - 3) / Math.sqrt(24)];
    for (const deviation of off) expect(Math.abs(deviation) * Math.sqrt(COUNT)).toBeLessThan(4);
  });

  test('of normal deviates is normal', () => expect(kolmogorovSmirnov(sample, normalCdf)).toBeLessThan(1.95));

  test('of even and odd places is normal alike', () => {
    for (const parity of [0, 1])
      expect(
        kolmogorovSmirnov(
          sample.filter((_, i) => i % 2 === parity),
          normalCdf,
        ),
      ).toBeLessThan(1.95);
  });

  test('scales with std', () => {
    const scaled = normal(new Float32Array(COUNT), 0.02, 3, WEIGHT);
    expect(Math.abs(Math.sqrt(moments(scaled)[1]) / 0.02 - 1)).toBeLessThan(0.004);
  });

  test('of uniform deviates is uniform within its bounds', () => {
    const values = uniform(new Float32Array(COUNT), 2, 5, 3, WEIGHT);
    expect(values.every((x) => x >= 2 && x <= 5)).toBe(true);
    expect(kolmogorovSmirnov(values, (x) => (x - 2) / 3)).toBeLessThan(1.95);
  });

  test('has no correlation between names, seeds or neighbours', () => {
    const others = [
      normal(new Float32Array(COUNT), 1, 3, `${WEIGHT}x`),
      normal(new Float32Array(COUNT), 1, 3, ''),
      normal(new Float32Array(COUNT), 1, 4, WEIGHT),
      normal(new Float32Array(COUNT), 1, 3 + 2 ** 32, WEIGHT),
      normal(new Float32Array(COUNT), 1, -3, WEIGHT),
    ];
    for (const other of others) expect(Math.abs(correlation(sample, other))).toBeLessThan(4);
    for (const lag of [1, 2, 3, 64]) expect(Math.abs(correlation(sample.subarray(0, COUNT - lag), sample.subarray(lag)))).toBeLessThan(4);
  });
});

test('ln is within 1e-14 of the logarithm', () => {
  const near = Array.from({ length: 10_000 }, (_, i) => 1 - (i + 1) * 2 ** -40);
  const spread = Array.from({ length: 10_000 }, (_, i) => (i + 0.5) / 10_000);
  const powers = Array.from({ length: 1000 }, (_, i) => 1.5 * 2 ** -i);
  for (const x of [...near, ...spread, ...powers, Math.SQRT1_2, Math.SQRT2]) expect(Math.abs(ln(x) / Math.log(x) - 1)).toBeLessThan(1e-14);
});
