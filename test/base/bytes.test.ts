import { expect, test } from 'vitest';

const fails = (body: () => void): boolean => {
  try {
    body();
  } catch {
    return true;
  }
  return false;
};

test.each([
  ['another byte', new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ['a byte more', new Uint8Array([1, 2]), new Uint8Array([1, 2, 0])],
  ['another class', new Uint8Array([1, 2]), new Int8Array([1, 2])],
  ['a zero below zero', new Float32Array([0]), new Float32Array([-0])],
])('typed arrays are not equal with %s', (_, a, b) => {
  expect(fails(() => expect(a).toEqual(b))).toBe(true);
  expect(fails(() => expect({ a }).toEqual({ a: b }))).toBe(true);
});

test('typed arrays with the same elements are equal', () => {
  expect(new Uint8Array([1, 2]).subarray(1)).toEqual(new Uint8Array([2]));
  expect([new Float32Array([Number.NaN])]).toEqual([new Float32Array([Number.NaN])]);
});
