import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyOf, parseJson, parseObject, describe as shown } from '../../src/base/json.ts';
import { problem } from '../support/tiny.ts';

describe('JSON of files', () => {
  test('may begin with a byte order mark', () => {
    expect(parseObject('\ufeff{"a": 1}', 'x')).toEqual({ a: 1 });
  });

  test('may hold the numbers that Python writes and JSON does not have', () => {
    expect(parseJson('{"a": NaN, "b": [-Infinity,Infinity , NaN], "c": "NaN", "d": "a \\"Infinity\\" \\\\", "NaN": 1}', 'x')).toEqual({
      a: Number.NaN,
      b: [-Infinity, Infinity, Number.NaN],
      c: 'NaN',
      d: 'a "Infinity" \\',
      NaN: 1,
    });
    expect(parseJson('NaN', 'x')).toBeNaN();
  });

  test.each([
    '{"a": nan}',
    '{"a": Infinity1}',
    '{NaN: 1}',
    '{"a": +Infinity}',
    '{"a": 1,}',
    '{"a": --Infinity}',
    '\ufeff\ufeff{}',
    '{"a" NaN}',
  ])('holds nothing else that JSON does not: %s', async (text) => {
    expect((await problem('format', () => parseJson(text, 'x.json'))).message).toMatch(/^x\.json: expected JSON, got /);
  });

  test('is refused at once where a text in it never ends', async () => {
    for (const text of [`[NaN, "${'x'.repeat(1e6)}`, `[NaN, "${'\\"'.repeat(1e6)}`, `[NaN, "${'x\\\\'.repeat(1e6)}\\`])
      expect((await problem('format', () => parseJson(text, 'x.json'))).message).toMatch(/^x\.json: expected JSON, got /);
  });

  test('begins with one byte order mark and may hold others', () => {
    expect(parseObject('\ufeff{"a\ufeff": "\ufeff"}', 'x')).toEqual({ 'a\ufeff': '\ufeff' });
  });

  test.each([
    ['', 'x: expected JSON, got nothing'],
    [' \n\t', 'x: expected JSON, got nothing'],
    ['[]', 'x: expected a JSON object, got []'],
    ['null', 'x: expected a JSON object, got null'],
    ['{"a" : 1, "a"\n: 2}', 'x: expected every key once, got "a" twice'],
    ['{"b": {"a": 1}, "c": {"a": 1, "a": 1}}', 'x: expected every key once, got "a" twice'],
    ['{"__proto__": 1}', 'x: expected keys other than "__proto__", got "__proto__"'],
  ])('is an object, or an error that says what it is: %j', async (text, message) => {
    expect((await problem('format', () => parseObject(text, 'x'))).message).toBe(message);
  });

  test('is quoted in errors on one short line', async () => {
    const { message } = await problem('format', () => parseJson(`[1,\n\n  ${'x'.repeat(500)}]`, 'x'));
    expect(message).toMatch(/^x: expected JSON, got [^\n]{20,120}$/);
    expect(message).not.toContain('  ');
  });

  test('has every key once', async () => {
    await problem('format', () => parseJson('[{"a": NaN, "\\u0061": 1}]', 'x'));
    await problem('format', () => parseJson('{"__proto__": Infinity}', 'x'));
  });

  test('is otherwise what JSON.parse reads', () => {
    const word = fc.constantFrom('NaN', 'Infinity', '-Infinity', 'x');
    const value = fc.jsonValue({ depthSize: 'small' });
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.oneof(fc.string(), word).filter((key) => key !== '__proto__'),
          fc.oneof(value, word, fc.string()),
        ),
        (object) => {
          const json = JSON.stringify(object);
          fc.pre(!json.includes('"__proto__"'));
          expect(parseJson(json, 'x')).toEqual(JSON.parse(json));
        },
      ),
    );
  });
});

describe('a value in a message', () => {
  const named = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, i]));
  test.each([
    ['a "b"', '"a \\"b\\""'],
    ['x'.repeat(118), `"${'x'.repeat(118)}"`],
    [`a${'x'.repeat(117)}z`, `"a${'x'.repeat(85)}...${'x'.repeat(28)}z"`],
    [[1, 'a', null, undefined], '[1, "a", null, undefined]'],
    [Array(16).fill(1), `[${Array(16).fill(1).join(', ')}]`],
    [Array(17).fill(1), 'an array of 17'],
    [[[1]], 'an array of 1'],
    [{}, 'an empty object'],
    [Object.create(null), 'an empty object'],
    [named(5), 'an object with "n0", "n1", "n2", "n3", "n4"'],
    [named(7), 'an object with "n0", "n1", "n2", "n3", "n4" and 2 more'],
    [new Map(), 'a Map'],
    [() => 1, 'a function'],
    [null, 'null'],
    [1n, '1'],
  ])('is short: %o', (value, text) => {
    expect(shown(value)).toBe(text);
  });
});

test('a copy shares nothing with what it is of', () => {
  const value = { a: [{ b: [1, null] }], c: 'd', e: null };
  const copy = copyOf(value);
  expect(copy).toEqual(value);
  for (const [one, other] of [
    [copy, value],
    [copy.a, value.a],
    [copy.a[0], value.a[0]],
    [copy.a[0].b, value.a[0].b],
  ])
    expect(one).not.toBe(other);
});
