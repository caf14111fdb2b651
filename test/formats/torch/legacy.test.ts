import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { openCheckpoint } from '../../../src/formats/checkpoint.ts';
import { call, dict, legacy, ops, strided, text, tuple, whole } from '../../support/pickle.ts';
import { FLOATS, NONE, plain } from '../../support/statedicts.ts';
import { problem } from '../../support/tiny.ts';

describe('a file before PyTorch 1.6', () => {
  const view = (offset: number, length: number) => tuple(text('v'), whole(offset), whole(length));
  const value = dict({
    c: strided({ key: 'h', type: 'HalfStorage', length: 3, size: [3], stride: [1] }),
    a: strided({ view: NONE }),
    b: strided({ view: view(4, 8), size: [2], stride: [1], offset: 1 }),
  });
  const storages: Record<string, [number, Uint8Array]> = {
    h: [3, new Uint8Array(new Uint16Array([0x3c00, 0x4000, 0x4200]).buffer)],
    0: [16, FLOATS],
  };
  const wanted = {
    a: [
      'float32',
      [4, 4],
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
        [12, 13, 14, 15],
      ],
    ],
    b: ['float32', [2], [5, 6]],
    c: ['float32', [3], [1, 2, 3]],
  };

  test('has its storages in their own order', async () => {
    const bytes = legacy(value, storages);
    const before = bytes.slice();
    expect(plain((await openCheckpoint(bytes)).tensors)).toEqual(wanted);
    expect(bytes).toEqual(before);
    expect(plain((await openCheckpoint(new Blob([bytes as BlobPart]).stream())).tensors)).toEqual(wanted);
  });

  test('may have a key of any length, of many tensors', async () => {
    const key = 'k'.repeat(2 ** 22);
    const id = tuple(text('storage'), ops('ctorch\nFloatStorage\n'), text(key), text('cpu'), whole(16));
    const kept = { storage: ops(id, 'Qq\0') };
    const scalar = (offset: number) => call('torch._utils', '_rebuild_tensor', ops('h\0'), whole(offset), tuple(), tuple());
    const tensors = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`t${i}`, scalar(i % 16)]));
    const read = await openCheckpoint(legacy(dict({ ...kept, ...tensors }), { [key]: [16, FLOATS] }));
    expect([read.tensors.size, read.tensors.get('t19')?.tolist(), new Set(read.tensors.values()).size]).toEqual([20_000, 3, 16]);
  });

  test('that is cut at any byte is an error', async () => {
    const bytes = legacy(value, storages);
    for (let length = 9; length < bytes.length; length++) await problem('format', () => openCheckpoint(bytes.subarray(0, length)));
    for (let length = 0; length < 9; length++)
      await expect(openCheckpoint(bytes.subarray(0, length))).rejects.toBeInstanceOf(TraceletError);
  });

  test.each<[string, string, Uint8Array, RegExp]>([
    [
      'a pickle of something else',
      'format',
      ops('\x80\x02N.', new Uint8Array(9)),
      /bytes: expected a file of torch\.save, got a pickle of something else/,
    ],
    ['another protocol', 'format', legacy(value, storages, { protocol: whole(1002) }), /bytes: expected protocol 1001, got 1002/],
    ['a system that is none', 'format', legacy(value, storages, { system: NONE }), /expected a dict of the system, got None/],
    [
      'another order of bytes',
      'unsupported',
      legacy(value, storages, { system: dict({ little_endian: ops('\x89') }) }),
      /expected little-endian numbers/,
    ],
    [
      'bytes behind it',
      'format',
      legacy(value, storages, { behind: new Uint8Array(3) }),
      /expected \d+ bytes, got 3 more behind the last storage/,
    ],
    ['a storage that is not there', 'format', legacy(value, { 0: storages[0] }), /expected storage "h" behind the pickles, got none/],
    [
      'a storage that nobody names',
      'format',
      legacy(value, { ...storages, x: [1, new Uint8Array(4)] }),
      /storage "x" of bytes: expected a storage that the pickle names, once, got another/,
    ],
    [
      'a storage twice',
      'format',
      legacy(value, storages, { keys: ['0', '0', 'h'].map(text) }),
      /storage "0" of bytes: expected a storage that the pickle names, once, got it twice/,
    ],
    ['a key that is no text', 'format', legacy(value, storages, { keys: [NONE, text('h')] }), /storage null of bytes/],
    [
      'another count',
      'format',
      legacy(value, { ...storages, 0: [17, FLOATS] }),
      /storage "0" of bytes: expected 16 elements, as the pickle says, got 17/,
    ],
    ['a negative count', 'format', legacy(value, { ...storages, 0: [-1, FLOATS] }), /got -1/],
    [
      'one storage of two lengths',
      'format',
      legacy(dict({ a: strided(), b: strided({ length: 8, size: [2], stride: [1] }) }), storages),
      /expected 16 of float32 in storage "0", got 8 of float32/,
    ],
    ['one storage of two kinds', 'format', legacy(dict({ a: strided(), b: strided({ type: 'IntStorage' }) }), storages), /got 16 of int32/],
    [
      'a view beyond its storage',
      'format',
      legacy(dict({ a: strided({ view: view(9, 8) }) }), storages),
      /expected a view of the 16 elements of storage "0", got 9 and 8/,
    ],
    ['a view that is none', 'format', legacy(dict({ a: strided({ view: whole(1) }) }), storages), /expected a view of the 16 elements/],
    [
      'a tensor beyond its view',
      'format',
      legacy(dict({ a: strided({ view: view(1, 15) }) }), storages),
      /expected a tensor within the 15 elements of storage 0/,
    ],
    ['a list of storages that is none', 'format', legacy(value, storages, { list: NONE }), /expected a list of storages, got None/],
  ])('with %s is refused', async (_, code, bytes, message) => {
    const error = await openCheckpoint(bytes).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
