import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonBytes } from '../../src/serve/json.ts';
import { shortest } from '../../src/serve/numbers.ts';

const POWERS = Array.from({ length: 24 }, (_, i) => 10 ** (i - 12)).flatMap((power) => [
  power,
  power * (1 - 2 ** -24),
  power * (1 + 2 ** -23),
]);
const OWN = [
  0,
  -0,
  1,
  -1,
  0.1,
  9.999999,
  99999.99,
  1e-45,
  1.1754944e-38,
  3.4028235e38,
  1e9,
  123456789,
  1e-14,
  2 ** -126,
  0.5,
  2.5,
  ...POWERS,
].map(Math.fround);

const floats = fc.float({ noNaN: true, noDefaultInfinity: true });
const small = fc.float({ min: -1, max: 1, noNaN: true });
const plain = fc.double({ min: -10, max: 10, noNaN: true }).map(Math.fround);

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
  fc.assert(fc.property(floats, proved), { numRuns: 2000 });
  fc.assert(fc.property(small, proved), { numRuns: 2000 });
});

const written = (value: unknown): string => new TextDecoder().decode(jsonBytes(value));

test('vectors are written as JSON.stringify writes these numbers', () => {
  const proved = (values: readonly number[]): void => {
    const vector = Float32Array.from(values);
    expect(written(vector)).toBe(JSON.stringify(Array.from(vector, shortest)));
  };
  proved(OWN);
  proved(OWN.map((value) => -value));
  for (const each of [floats, small, plain]) fc.assert(fc.property(fc.array(each, { maxLength: 100 }), proved), { numRuns: 300 });
});

test('what is around vectors is written as JSON.stringify writes it', () => {
  const vectors = [Float32Array.of(0.5, 0.25), new Float32Array(0), new Float32Array(3000).fill(-0.1)];
  const around = (vector: (at: number) => unknown): unknown => ({
    'ä "quoted" 😀': vector(0),
    data: [{ index: 0, left: undefined, none: null, embedding: vector(1) }, undefined, vector(2), ['ß'.repeat(20_000)]],
  });
  const lists = vectors.map((vector) => Array.from(vector, shortest));
  expect(written(around((at) => vectors[at]))).toBe(JSON.stringify(around((at) => lists[at])));
  for (const value of [undefined, 'a', [], {}, [[]], { a: [1] }]) expect(written(value)).toBe(JSON.stringify(value) ?? 'null');
});
