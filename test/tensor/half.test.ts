import { expect, test } from 'vitest';
import { toBfloat16, toFloat16, widenBfloat16, widenFloat16 } from '../../src/tensor/float.ts';
import { exactHalves, type Half, lowerFloat16, raiseFloat16, roundToHalf } from '../../src/tensor/half.ts';
import { asHalf, halfValues } from '../support/halves.ts';

const DTYPES: Half[] = ['float16', 'bfloat16'];
const PATTERNS = Uint16Array.from({ length: 65536 }, (_, i) => i);
const bits = ({ buffer }: Float32Array): Buffer => Buffer.from(buffer);

/** Values of all magnitudes and both signs, and those around every value of 16 bits and halfway to the next. */
function values(dtype: Half): Float32Array {
  const held = [...halfValues(dtype, PATTERNS)].filter(Number.isFinite);
  const next = (value: number, by: number) =>
    new Float32Array(Uint32Array.of(new Uint32Array(Float32Array.of(value).buffer)[0] + by).buffer)[0];
  const halfway = dtype === 'float16' ? 0x1000 : 0x8000;
  const near = held
    .filter((_, i) => i % 7 === 0)
    .flatMap((value) => [-1, 1, halfway - 1, halfway, halfway + 1].map((by) => next(value, by)));
  const steps = Array.from({ length: 3000 }, (_, i) => (i + 0.5) * 2 ** -24 * (i % 2 ? 1 : -1));
  return Float32Array.from([
    ...held,
    ...near,
    ...steps,
    65504,
    65519,
    65520,
    65535,
    65536,
    3.4e38,
    -3.4e38,
    Infinity,
    -Infinity,
    0,
    -0,
    1e-45,
  ]);
}

test.each(DTYPES)('%s: every value that it has is held by its own bits', (dtype) => {
  const patterns = PATTERNS.filter((pattern) => dtype === 'bfloat16' || (pattern & 0x7fff) < 0x5800);
  const floats = halfValues(dtype, patterns);
  expect(Buffer.compare(Buffer.from(exactHalves(floats, dtype)?.buffer ?? new ArrayBuffer(0)), Buffer.from(patterns.buffer))).toBe(0);
});

test.each([
  ['float16', [1 + 2 ** -11, 2 ** -25, 128, -128, 65536, Infinity, NaN, 1e-45]],
  ['bfloat16', [1 + 2 ** -8, 2 ** -140, 3.4e38]],
] as const)('%s: a value that it does not have is not held', (dtype, others) => {
  for (const other of others) expect(exactHalves(Float32Array.of(1, other), dtype), `${other}`).toBeUndefined();
});

test.each(DTYPES)('%s: rounds as its definition does, ties to even', (dtype) => {
  const rounded = values(dtype);
  const wanted = asHalf(dtype, rounded);
  roundToHalf(rounded, dtype);
  expect(bits(rounded).equals(bits(Float32Array.from(wanted)))).toBe(true);
  const nan = Float32Array.of(NaN);
  roundToHalf(nan, dtype);
  expect(nan[0]).toBeNaN();
  expect([toFloat16(1 + 2 ** -11), toBfloat16(1 + 3 * 2 ** -8)]).toEqual([0x3c00, 0x3f82]);
});

test('float16 below 128 is raised by 10, to normal numbers, and back', () => {
  const given = PATTERNS.filter((pattern) => (pattern & 0x7fff) < 0x5800);
  const raised = given.slice();
  expect(raiseFloat16(raised)).toBe(true);
  const values = halfValues('float16', given);
  raised.forEach((pattern, i) => {
    const [exponent, fraction] = [(pattern >> 10) & 31, pattern & 0x3ff];
    const value = exponent === 0 ? 0 : (1 + fraction / 1024) * 2 ** (exponent - 25);
    expect(exponent > 0 || fraction === 0).toBe(true);
    expect(Object.is(pattern & 0x8000 ? -value : value, values[i])).toBe(true);
  });
  lowerFloat16(raised);
  expect(Buffer.compare(Buffer.from(raised.buffer), Buffer.from(given.buffer))).toBe(0);
  for (const bad of [0x5800, 0xd800, 0x7c00, 0xfc00, 0x7c01, 0xffff]) expect(raiseFloat16(Uint16Array.of(0, bad, 1)), `${bad}`).toBe(false);
});

test('reading and writing agree', () => {
  const [a, b] = [new Float32Array(1), new Float32Array(1)];
  widenFloat16(Uint16Array.of(0x3555), a);
  widenBfloat16(Uint16Array.of(0x3eab), b);
  expect([exactHalves(a, 'float16')?.[0], exactHalves(b, 'bfloat16')?.[0]]).toEqual([0x3555, 0x3eab]);
});
