import { describe, expect, test } from 'vitest';
import { stretchSums } from '../support/formulas.ts';
import { call, formsOf, kernelsOf, noise, runs, VARIANTS } from '../support/kernels.ts';

const some = (count: number, seed: number): number[] => Array.from({ length: count }, noise(seed));

test.each(VARIANTS.filter(runs))('the largest magnitude of weights is found wherever it stands, on %s kernels', (variant) => {
  const { memory, exports } = kernelsOf(variant);
  const largest = exports.largest as unknown as (x: number, n: number) => number;
  for (const n of [0, 1, 4, 15, 16, 17, 31, 32, 47]) {
    const x = new Int8Array(memory.buffer, 66565, n);
    const found = () => largest(66565, n);
    new Int8Array(memory.buffer, 66565 - 16, n + 32).fill(100);
    x.fill(3);
    expect(found()).toBe(n === 0 ? 0 : 3);
    for (let at = 0; at < n; at++)
      for (const value of [64, -65, 127, -128]) {
        x[at] = value;
        expect(found(), `${value} at ${at} of ${n}`).toBe(Math.abs(value));
        x[at] = -3;
      }
  }
});

describe.each(VARIANTS.filter(runs))('integer products on %s kernels', (variant) => {
  const [m, n] = [5, 3];
  const product = (x: number[], weight: number[], form: number, others: Record<string, number[]> = {}) => {
    const k = x.length / m;
    const scale = [1, 0.5, 2];
    const operands = { x, weight, scale, sums: stretchSums(weight, scale), ...others };
    const shapes = { x: [m, k], weight: [n, k], scale: [n], sums: [Math.ceil(k / 384), n], ...(others.bias ? { bias: [n] } : {}) };
    return [...call(variant, 'linear_i8', operands, shapes, {}, { form })];
  };
  const forms = formsOf(variant);

  test.each(forms)('whole numbers from 0 to 127 are taken as they are, the largest products of all, form %i', (form) => {
    for (const k of [3, 64, 384, 1000]) {
      const x = Array.from({ length: m * k }, (_, i) => (i % k === 0 ? 0 : 127));
      for (const [w0, w1, w2] of [
        [64, -64, 64],
        [-64, 64, -64],
      ]) {
        const weight = [w0, w1, w2].flatMap((w) => new Array(k).fill(w));
        const wanted = [w0, w1 / 2, 2 * w2].map((w) => 127 * (k - 1) * w);
        const exact = k <= 384;
        const got = product(x, weight, form);
        for (let r = 0; r < m; r++)
          wanted.forEach((value, c) => {
            if (exact) expect(got[r * n + c]).toBe(value);
            else expect(Math.abs(got[r * n + c] - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value));
          });
      }
    }
  });

  test.each(forms)(
    'a row of zeros gives the bias, one huge value what it should, and NaN or infinity NaN in its row alone, form %i',
    (form) => {
      const k = 37;
      const weight = Array.from({ length: n * k }, (_, i) => ((i * 29) % 129) - 64);
      const x = some(m * k, 3).map((value, i) => (Math.floor(i / k) === 0 ? 0 : value));
      const bias = [1, -2, 3];
      const plain = product(x, weight, form, { bias });
      expect(plain.slice(0, n)).toEqual(bias);
      for (const value of [NaN, Infinity, -Infinity]) {
        const odd = product(x.with(2 * k + 5, value), weight, form, { bias });
        odd.forEach((got, i) => {
          if (Math.floor(i / n) === 2) expect(got).toBeNaN();
          else expect(got).toBe(plain[i]);
        });
      }
      const huge = product(x.with(k + 4, 1e30), weight, form, { bias });
      [1, 0.5, 2].forEach((scale, c) => {
        const wanted = 1e30 * weight[c * k + 4] * scale;
        expect(Math.abs(huge[n + c] - wanted)).toBeLessThanOrEqual((1e30 / 127 / 2) * 64 * k * scale);
      });
    },
  );

  test.each(forms)('a row is the same among any others, form %i', (form) => {
    const k = 400;
    const weight = Array.from({ length: n * k }, (_, i) => ((i * 29) % 129) - 64);
    const x = some(m * k, 3);
    const together = product(x, weight, form);
    for (let r = 0; r < m; r++) {
      const shuffled = Array.from({ length: m }, (_, i) => x.slice(((i + r) % m) * k, (((i + r) % m) + 1) * k)).flat();
      expect(product(shuffled, weight, form).slice(0, n)).toEqual(together.slice(r * n, (r + 1) * n));
    }
  });
});
