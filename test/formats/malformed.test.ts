import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import {
  encodeHeader,
  MAX_HEADER_BYTES,
  parseHeader,
  parseHeaderLength,
  readHeader,
  readSafetensors,
} from '../../src/formats/safetensors.ts';
import { tensor } from '../../src/tensor/creation.ts';
import type { DType } from '../../src/tensor/dtype.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { concat, entry, file, serialize, sourceOf } from '../support/safetensors.ts';

const encoder = new TextEncoder();

const withTensors = (tensors: Record<string, unknown>, data = 0) => file(JSON.stringify(tensors), data);

/** A tensor of which a field that is not read holds arrays in arrays. */
const nested = (depth: number) =>
  file(`{"a":{"x":${'['.repeat(depth)}${']'.repeat(depth)},"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1);

const starting = (text: string) => Uint8Array.from(text.padEnd(16, 'x'), (character) => character.charCodeAt(0));

const malformed: Record<string, readonly [Uint8Array, RegExp]> = {
  'no length': [new Uint8Array(7), /a header length of 8 bytes, got 7 bytes/],
  'length 0': [file('', 0), /got a header length of 0/],
  'length over the cap': [file('{}', 0, BigInt(MAX_HEADER_BYTES + 1)), /at most 100000000 bytes, got a header length of 100000001/],
  'length of 2^64 - 1': [file('{}', 0, 2n ** 64n - 1n), /got a header length of 18446744073709551615/],
  'header behind the end': [file('{}', 0, 3n), /expected 11 bytes of length and header, got a file of 10 bytes.*cut short/],
  'not UTF-8': [file(new Uint8Array([0x7b, 0xff, 0x7d])), /expected UTF-8/],
  'byte order mark': [file('\ufeff{}'), /begins with "\{"/],
  'leading byte order mark and space': [file('\ufeff {}'), /begins with "\{"/],
  'an array': [file('[]'), /begins with "\{", got "\[\]"/],
  'not JSON': [file('{"a":'), /header of model: expected JSON, got an end too early/],
  'deep nesting': [file(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`), /tensor "a" of model: expected an object|expected JSON/],
  'tensor twice': [file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}'), /every key once, got "a" twice/],
  'field twice': [file('{"a":{"dtype":"U8","dtype" :"I8","shape":[0],"data_offsets":[0,0]}}'), /every key once, got "dtype" twice/],
  'entry no object': [
    withTensors({ a: [1, 2] }),
    /tensor "a" of model: expected an object with dtype, shape and data_offsets, got \[1, 2\]/,
  ],
  'entry empty': [withTensors({ a: {} }), /expected a dtype of F64,F32.*got undefined/],
  'unknown dtype': [withTensors({ a: entry('F8_E4M4', [1], [0, 1]) }, 1), /expected a dtype of F64,F32.*,F8_E4M3,.*got "F8_E4M4"/],
  'dtype in small letters': [withTensors({ a: entry('f32', [1], [0, 4]) }, 4), /expected a dtype of .*got "f32"/],
  'half a byte': [withTensors({ a: entry('F4', [3], [0, 2]) }, 2), /tensor "a" of model: expected whole bytes, got 12 bits for F4 \[3\]/],
  'too many bytes of another dtype': [withTensors({ a: entry('U16', [1], [0, 3]) }, 3), /expected 2 bytes for U16 \[1\], got 3/],
  'inherited dtype': [withTensors({ a: entry('constructor', [1], [0, 1]) }, 1), /got "constructor"/],
  'shape no array': [withTensors({ a: entry('U8', '1', [0, 1]) }, 1), /a shape that is an array, got "1"/],
  'negative dimension': [withTensors({ a: entry('U8', [-1], [0, 1]) }, 1), /whole numbers from 0, got \[-1\]/],
  'fractional dimension': [withTensors({ a: entry('U8', [2, 0.5], [0, 1]) }, 1), /whole numbers from 0, got \[2, 0.5\]/],
  'dimension of text': [withTensors({ a: entry('U8', ['1'], [0, 1]) }, 1), /whole numbers from 0, got \["1"\]/],
  'unsafe dimension': [withTensors({ a: entry('U8', [2 ** 53], [0, 1]) }, 1), /whole numbers from 0, got \[9007199254740992\]/],
  'huge product': [withTensors({ a: entry('F32', [2 ** 26, 2 ** 26], [0, 4]) }, 4), /fewer than 9007199254740991 bytes, got shape/],
  'huge product before a 0': [withTensors({ a: entry('F32', [2 ** 52, 2 ** 52, 0], [0, 0]) }), /fewer than 9007199254740991 bytes/],
  'one offset': [withTensors({ a: entry('U8', [1], [0]) }, 1), /data_offsets \[begin, end\].*got \[0\]/],
  'negative offset': [withTensors({ a: entry('U8', [1], [-1, 0]) }, 1), /data_offsets.*got \[-1, 0\]/],
  'fractional offset': [withTensors({ a: entry('U8', [1], [0, 1.5]) }, 1), /data_offsets.*got \[0, 1.5\]/],
  'begin behind end': [withTensors({ a: entry('U8', [0], [4, 0]) }, 4), /an end at or behind its begin, got data_offsets \[4, 0\]/],
  'too few bytes': [withTensors({ a: entry('F32', [2], [0, 4]) }, 4), /expected 8 bytes for float32 \[2\], got 4/],
  ...Object.fromEntries(
    ['4e0', '4.0', '4E-0', '-0', '1.8e1'].map((number) => [
      `dimension ${number}`,
      [
        file(`{"a":{"dtype":"U8","shape":[${number}],"data_offsets":[0,4]}}`, 4),
        new RegExp(`whole numbers from 0, got \\[${number}\\]$`),
      ] as const,
    ]),
  ),
  ...Object.fromEntries(
    ['0,4e0', '0.0,4', '-0,4', '0,4,4', '0,04', '0,+4', '0,4,', ',4'].map((offsets) => [
      `offsets ${offsets}`,
      [
        file(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[${offsets}]}}`, 4),
        /data_offsets \[begin, end\], whole|expected JSON/,
      ] as const,
    ]),
  ),
  ...Object.fromEntries(
    ['"\\ud800"', '"\\uDFFF"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83d \\ude00"', '"\\\\\\udc00"'].map((name) => [
      `half a pair in ${name}`,
      [file(`{${name}:{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), /surrogates come in pairs, got "?\\/] as const,
    ]),
  ),
  'half a pair in metadata': [file('{"__metadata__":{"a":"\\ud800"}}'), /surrogates come in pairs/],
  'half a pair where it is not read': [
    file('{"a":{"x":"\\ud800","dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
    /surrogates come in pairs/,
  ],
  'metadata twice': [file('{"__metadata__":{},"__metadata__":{}}'), /every key once/],
  'values that nest too deep': [nested(129), /header of model: expected JSON, got "\]/],
  'a control character in a name': [file('{"a\n":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), /expected JSON/],
  'an escape that is none': [file('{"a":{"x":"\\q","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), /expected JSON/],
  'text behind the end': [file('{} x'), /header of model: expected JSON, got "x" at 3/],
  ...Object.fromEntries(
    (
      [
        ['PK\x03\x04', 'This is a PyTorch archive, or another zip file, where a safetensors file is needed'],
        ['\x80', 'This is a pickle, such as an old PyTorch file, where'],
        ['GGUF', 'This is a GGUF file, where'],
        ['\x89HDF', 'This is an HDF5 file, such as of TensorFlow, where'],
        ['<', 'This is a page of HTML or XML, where'],
        ['{', 'This is JSON, where'],
        ['any', 'Is this a safetensors file?'],
      ] as const
    ).map(([begins, says]) => [`a file that begins with ${JSON.stringify(begins)}`, [starting(begins), new RegExp(says)] as const]),
  ),
  'an overlap before what is broken': [
    file(`{"a":${JSON.stringify(entry('U8', [4], [0, 4]))},"b":${JSON.stringify(entry('U8', [4], [0, 4]))},broken`, 4),
    /tensor "b" of model: expected data from byte 4, behind tensor "a", got an overlap from byte 0/,
  ],
  overlap: [
    withTensors({ a: entry('U8', [4], [0, 4]), b: entry('U8', [4], [2, 6]) }, 6),
    /tensor "b" of model: expected data from byte 4, behind tensor "a", got an overlap from byte 2/,
  ],
  'same bytes twice': [withTensors({ a: entry('U8', [4], [0, 4]), b: entry('U8', [4], [0, 4]) }, 4), /got an overlap from byte 0/],
  hole: [
    withTensors({ a: entry('U8', [4], [0, 4]), b: entry('U8', [4], [5, 9]) }, 9),
    /tensor "b" of model: expected data from byte 4, behind tensor "a", got a hole up to byte 5/,
  ],
  'hole at the start': [withTensors({ a: entry('U8', [4], [1, 5]) }, 5), /from byte 0, behind the header, got a hole up to byte 1/],
  'trailing bytes': [withTensors({ a: entry('U8', [4], [0, 4]) }, 5), /expected 4 bytes of data, got 1 trailing bytes/],
  'cut short': [
    withTensors({ a: entry('U8', [4], [0, 4]), b: entry('U8', [4], [4, 8]) }, 7),
    /tensor "b" of model: expected data up to byte 8, got a file with 7 bytes of data.*cut short/,
  ],
  'metadata no object': [withTensors({ __metadata__: ['pt'] }), /__metadata__ of model: expected an object of strings, got \["pt"\]/],
  'metadata value null': [withTensors({ __metadata__: { a: null } }), /a string for "a", got null/],
  'metadata no string': [withTensors({ __metadata__: { format: 1 } }), /a string for "format", got 1/],
};

function errorOf(action: () => unknown): TraceletError {
  try {
    action();
  } catch (error) {
    if (error instanceof TraceletError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a malformed file', () => {
  for (const [clause, [bytes, message]] of Object.entries(malformed))
    test(clause, async () => {
      const error = errorOf(() => readSafetensors(bytes, 'model'));
      expect(error.message).toMatch(message);
      expect(error.code).toBe('format');
      expect(error.message.length).toBeLessThan(600);
    });

  test('is refused alike when streamed', async () => {
    for (const [bytes] of Object.values(malformed)) {
      const expected = errorOf(() => readSafetensors(bytes, 'stream')).message;
      await expect(readHeader(sourceOf(bytes))).rejects.toThrow(expected);
    }
  });

  test('of values that nest as deep as they may is none', () => {
    expect([...readSafetensors(nested(128), 'model').tensors.keys()]).toEqual(['a']);
  });

  test('of unknown size is refused when its header ends early', async () => {
    await expect(readHeader(sourceOf(file('{}', 0, 99_000_000n), false))).rejects.toThrow(/header of 99000000 bytes, got 2 bytes/);
    await expect(readHeader(sourceOf(new Uint8Array(3), false))).rejects.toThrow(/got 3 bytes/);
  });

  test('is none whose header is as long as may be', () => {
    const first8 = new Uint8Array(new BigUint64Array([BigInt(MAX_HEADER_BYTES)]).buffer);
    expect(parseHeaderLength(first8, 'x')).toBe(MAX_HEADER_BYTES);
    expect(parseHeaderLength(first8, 'x', 8 + MAX_HEADER_BYTES)).toBe(MAX_HEADER_BYTES);
    expect(errorOf(() => parseHeaderLength(first8, 'x', 7 + MAX_HEADER_BYTES)).message).toMatch(/cut short/);
  });

  test('is never written', () => {
    const info = { name: 'a', dtype: 'uint8', shape: [1] } as const;
    for (const metadata of [null, ['a'], 'a'])
      expect(errorOf(() => encodeHeader([info], metadata as never)).message).toMatch(/__metadata__ .*an object of strings/);
    expect(errorOf(() => encodeHeader([info, info])).message).toMatch(/tensor "a".*every name once/);
    expect(errorOf(() => encodeHeader([{ ...info, name: '__metadata__' }])).message).toMatch(/not reserved/);
    expect(errorOf(() => encodeHeader([{ ...info, name: '__proto__' }])).message).toMatch(/not reserved/);
    expect(errorOf(() => encodeHeader([{ ...info, shape: [-1] }])).message).toMatch(/whole numbers from 0/);
    expect(errorOf(() => encodeHeader([{ ...info, dtype: 'float8' as DType }])).message).toMatch(/a dtype of float64.*got "float8"/);
    expect(errorOf(() => encodeHeader([info], { a: 1 } as never)).message).toMatch(/a string for "a"/);
    expect(errorOf(() => encodeHeader([info], JSON.parse('{"__proto__":"x"}'))).message).toMatch(/__proto__/);
    expect(
      errorOf(() =>
        serialize([
          ['a', new Tensor('uint8', [1], [0])],
          ['a', new Tensor('uint8', [1], [0])],
        ]),
      ).code,
    ).toBe('format');
  });
});

const mutation = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('set', 'insert', 'remove', 'cut'),
  byte: fc.oneof(fc.nat(255), fc.constantFrom(...encoder.encode('{}[]",:-.019eE'))),
});

function mutate(bytes: number[], { at, kind, byte }: { at: number; kind: string; byte: number }): number[] {
  const place = at % (bytes.length + 1);
  if (kind === 'set') return bytes.toSpliced(place, 1, byte);
  if (kind === 'insert') return bytes.toSpliced(place, 0, byte);
  return kind === 'remove' ? bytes.toSpliced(place, 1) : bytes.slice(0, Math.max(1, place));
}

test('mutations of a file give an error of the library or a file that holds together', () => {
  const seed = [
    ...concat(
      serialize(
        [
          ['a', tensor([1.5, 2])],
          ['b.c', tensor([[7n]])],
          ['d', tensor([true, false])],
        ],
        { format: 'pt' },
      ),
    ),
  ];
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      const bytes = Uint8Array.from(mutations.reduce(mutate, seed));
      try {
        const { header, tensors } = readSafetensors(bytes, 'x');
        expect(header.headerBytes + header.dataBytes).toBe(bytes.length);
        for (const { name, begin, end } of header.tensors) expect(tensors.get(name)?.data.byteLength).toBe(end - begin);
      } catch (error) {
        if (!(error instanceof TraceletError)) throw error;
        expect(error.code).toBe('format');
      }
    }),
    { numRuns: 20_000 },
  );
});

test('any JSON as a header gives an error of the library or a sound header', () => {
  const value = fc.oneof(
    fc.record({
      dtype: fc.constantFrom('F32', 'U8', 'X', 3),
      shape: fc.oneof(fc.array(fc.oneof(fc.integer({ min: -1, max: 3 }), fc.double())), fc.jsonValue()),
      data_offsets: fc.oneof(fc.tuple(fc.integer({ min: -1, max: 9 }), fc.integer({ min: -1, max: 9 })), fc.jsonValue()),
    }),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 3 }), value), (json) => {
      try {
        const { tensors, dataBytes } = parseHeader(encoder.encode(JSON.stringify(json)), { name: 'x' });
        expect(tensors.reduce((sum, { begin, end }) => sum + end - begin, 0)).toBe(dataBytes);
      } catch (error) {
        if (!(error instanceof TraceletError)) throw error;
      }
    }),
    { numRuns: 5_000 },
  );
});
