import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { crc32 } from '../../../src/formats/torch/crc32.ts';
import { faultOf } from '../../../src/formats/torch/fault.ts';
import { inflate } from '../../../src/formats/torch/inflate.ts';

const fault = faultOf('data');
const bits = (text: string): Uint8Array =>
  Uint8Array.from({ length: Math.ceil(text.length / 8) }, (_, i) =>
    Number.parseInt([...text.slice(8 * i, 8 * i + 8)].reverse().join(''), 2),
  );

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;
const SETTINGS = [
  { level: 0 },
  ...[1, 6, 9].flatMap((level) =>
    [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE].map((strategy) => ({ level, strategy })),
  ),
  ...[1, 9].map((memLevel) => ({ level: 6, memLevel, windowBits: 9 })),
];

/** Bytes as files have them: runs, repeats, few symbols, all of them, and a symbol that is much more frequent than others. */
const contents = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .tuple(fc.uint8Array({ maxLength: 20 }), fc.integer({ min: 1, max: 700 }))
        .map(([piece, times]) => Buffer.alloc(piece.length * times, piece)),
      fc.array(fc.constantFrom(0, 0, 0, 0, 1, 1, 2, 255), { maxLength: 3000 }).map((list) => Uint8Array.from(list)),
      fc
        .integer({ min: 1, max: 30 })
        .map((base) => Uint8Array.from({ length: 2000 }, (_, i) => Math.clz32(Math.imul(i + 1, 0x9e3779b1 + base)) * 7)),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => new Uint8Array(Buffer.concat(pieces)));

test('what zlib deflates is inflated, in all kinds of blocks', () => {
  fc.assert(
    fc.property(contents, fc.constantFrom(...SETTINGS), (content, settings) => {
      expect(Buffer.compare(inflate(deflateRawSync(content, settings), content.length, fault), content)).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('codes of all lengths are read', () => {
  const pieces = Array.from({ length: 22 }, (_, symbol) => Buffer.alloc(Math.round(1.618 ** symbol), symbol * 11));
  const content = new Uint8Array(Buffer.concat(pieces));
  const mixed = content.map((_, i) => content[(i * 7919) % content.length]);
  for (const strategy of [Z_HUFFMAN_ONLY, Z_DEFAULT_STRATEGY])
    expect(Buffer.compare(inflate(deflateRawSync(mixed, { strategy }), mixed.length, fault), mixed)).toBe(0);
});

test('a size that is not the one stated is an error', () => {
  fc.assert(
    fc.property(contents, fc.constantFrom(...SETTINGS), fc.integer({ min: 1, max: 50 }), (content, settings, off) => {
      const deflated = deflateRawSync(content, settings);
      expect(() => inflate(deflated, content.length + off, fault)).toThrow(TraceletError);
      if (content.length >= off) expect(() => inflate(deflated, content.length - off, fault)).toThrow(TraceletError);
    }),
    { numRuns: 100 },
  );
});

test('data that is cut or longer is an error, and any other is read or one', () => {
  fc.assert(
    fc.property(contents, fc.constantFrom(...SETTINGS), fc.nat(), fc.integer({ min: 1, max: 255 }), (content, settings, at, flip) => {
      const deflated = new Uint8Array(deflateRawSync(content, settings));
      expect(() => inflate(deflated.subarray(0, at % deflated.length), content.length, fault)).toThrow(TraceletError);
      expect(() => inflate(new Uint8Array([...deflated, 0]), content.length, fault)).toThrow(
        'expected an end behind the last block, got 1 more',
      );
      deflated[at % deflated.length] ^= flip;
      try {
        expect(inflate(deflated, content.length, fault)).toHaveLength(content.length);
      } catch (error) {
        expect(error).toBeInstanceOf(TraceletError);
      }
    }),
    { numRuns: 300 },
  );
});

test('any bytes are read or an error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(300), (bytes, size) => {
      try {
        inflate(bytes, size, fault);
      } catch (error) {
        expect(error).toBeInstanceOf(TraceletError);
      }
    }),
    { numRuns: 3000 },
  );
});

/** The beginning of a dynamic block of 257 literals and a distance, in which 0 is the length 1, and 1 so many lengths of nothing. */
const dynamic = `101${'0'.repeat(10)}0111${'000'.repeat(2)}100${'000'.repeat(14)}100`;

test.each([
  ['another kind of block', '111', 'expected a stored, fixed or dynamic block'],
  ['a wrong complement', `100${'0'.repeat(5)}${'0'.repeat(32)}`, 'expected a length and its complement'],
  ['a distance before the beginning', `110${'0000001'}${'00000'}`, 'expected a distance within the data, got 1 at byte 0'],
  ['a length that is not defined', `110${'11000110'}`, 'expected a length that is defined'],
  ['a distance that is not defined', `110${'00110000'}${'0000001'}${'11110'}`, 'expected a distance that is defined'],
  ['too many literals', `101${'11111'}${'00000'}${'0000'}`, 'expected at most 286 literals and 30 distances, got 288 and 1'],
  ['too many distances', `101${'00000'}${'01111'}${'0000'}`, 'expected at most 286 literals and 30 distances, got 257 and 31'],
  ['no code for the end', `${dynamic}00${'11111111'}${'11101011'}`, 'expected a code for the end of the block'],
  ['too many lengths', `${dynamic}${'11111111'.repeat(2)}`, 'expected 258 lengths of codes'],
  ['more codes than there are', `101${'00000'}${'00000'}${'0000'}${'100'.repeat(4)}`, 'got more codes than there are'],
  ['codes that are left over', `101${'00000'}${'00000'}${'0000'}${'010'}${'010'}${'000'.repeat(2)}`, 'got codes that are left over'],
  [
    'a repetition of nothing',
    `101${'00000'}${'00000'}${'0000'}${'100'}${'100'}${'000'.repeat(2)}${'0'.repeat(20)}`,
    'expected a length to repeat',
  ],
])('a block with %s is an error', (_, text, message) => {
  expect(() => inflate(bits(text), 400, fault)).toThrow(message);
});

test('blocks that hold nothing come to an end', () => {
  const empty = bits(`0100${'0'.repeat(6)}`.repeat(4000));
  expect(() => inflate(empty, 10, fault)).toThrow('expected 10 bytes in blocks of a sensible size, got more blocks');
});

test('the CRC-32 is that of zip files', () => {
  expect([crc32(new Uint8Array(0)), crc32(Buffer.from('123456789')), crc32(new Uint8Array(32))]).toEqual([0, 0xcbf43926, 0x190a55ad]);
});
