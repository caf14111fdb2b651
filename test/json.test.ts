import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, parseObject } from '../src/json.ts';
import { problem } from './tiny.ts';

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
