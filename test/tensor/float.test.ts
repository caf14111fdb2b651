import { expect, test } from 'vitest';
import { DTYPES } from '../../src/tensor/dtype.ts';
import { roundFloat64, TO_FLOAT32, widenBfloat16, widenFloat16 } from '../../src/tensor/float.ts';

const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The definition: (-1)^sign · 2^(exponent - bias) · 1.fraction, and without the 1 where the exponent is 0. */
function define(bits: number, fractionBits: number): number {
  const exponentBits = 15 - fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const exponent = (bits >> fractionBits) & (2 ** exponentBits - 1);
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 2 ** exponentBits - 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
}

for (const [name, widen, fractionBits] of [
  ['float16', widenFloat16, 10],
  ['bfloat16', widenBfloat16, 7],
] as const) {
  test(`every ${name} keeps its value, sign and payload`, () => {
    const wide = new Float32Array(65536);
    widen(patterns, wide);
    const bits = new Uint32Array(wide.buffer);
    for (let i = 0; i < 65536; i++) {
      const value = define(i, fractionBits);
      if (!Object.is(wide[i], value)) throw new Error(`${i}: ${wide[i]}, not ${value}`);
      const payload = i & (2 ** fractionBits - 1);
      if (Number.isNaN(value) && bits[i] !== (((i & 0x8000) << 16) | 0x7f800000 | (payload << (23 - fractionBits))) >>> 0)
        throw new Error(`${i}: bits ${bits[i].toString(16)}`);
    }
  });

  test(`${name} can be widened where it lies`, () => {
    const expected = new Float32Array(65536);
    widen(patterns, expected);
    const wide = new Float32Array(65536);
    const tail = new Uint16Array(wide.buffer, 2 * 65536);
    tail.set(patterns);
    widen(tail, wide);
    expect(new Uint32Array(wide.buffer)).toEqual(new Uint32Array(expected.buffer));
  });
}

test('float64 is rounded to nearest, ties to even', () => {
  const from = Float64Array.of(1 + 2 ** -24, 1 + 3 * 2 ** -24, 1e39, -0, 2 ** -150, 3 * 2 ** -150, Number.NaN);
  const to = new Float32Array(from.length);
  roundFloat64(from, to);
  expect([...to]).toEqual([1, 1 + 2 ** -22, Number.POSITIVE_INFINITY, -0, 0, 2 ** -148, Number.NaN]);
});

test('there is a conversion for every floating dtype and no other', () => {
  expect(Object.keys(DTYPES).filter((dtype) => dtype in TO_FLOAT32)).toEqual(
    Object.keys(DTYPES).filter((dtype) => dtype.includes('float')),
  );
});
