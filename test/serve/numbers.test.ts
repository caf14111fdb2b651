import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shortest } from '../../src/serve/route.ts';

const OWN = [0, -0, 1, -1, 0.1, 9.999999, 99999.99, 1e-45, 1.1754944e-38, 3.4028235e38, 1e9, 123456789, 1e-14, 2 ** -126].map(Math.fround);

test('numbers of answers give every float32 back, in nine digits', () => {
  const proved = (value: number): void => {
    const text = JSON.stringify(shortest(value));
    expect(Math.fround(JSON.parse(text)) + 0).toBe(value + 0);
    expect(
      text
        .replace(/e.*/, '')
        .replace(/\D/g, '')
        .replace(/^0+|0+$/g, '').length,
    ).toBeLessThanOrEqual(9);
  };
  for (const value of OWN) proved(value);
  fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), proved), { numRuns: 2000 });
  fc.assert(fc.property(fc.float({ min: -1, max: 1, noNaN: true }), proved), { numRuns: 2000 });
});
