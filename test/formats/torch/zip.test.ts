import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { Zip } from '../../../src/formats/torch/zip.ts';
import { numbers, type ZipEnd, type ZipFile, zipOf } from '../../support/zip.ts';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const a: ZipFile = { name: 'x/a', content: text('hello') };
const b: ZipFile = { name: 'x/b', content: text('hello hello hello hello'), deflated: true };

const contents = (zip: Zip): Record<string, string> =>
  Object.fromEntries(zip.names.map((name) => [name, Buffer.from(zip.read(name, { checked: true })).toString('latin1')]));

const messageOf = (bytes: Uint8Array): string => {
  try {
    contents(new Zip(bytes, 'file'));
  } catch (error) {
    expect(error).toBeInstanceOf(TraceletError);
    expect((error as TraceletError).code).toBe('format');
    return (error as TraceletError).message;
  }
  return 'read';
};

describe('a zip file', () => {
  const wanted = { 'x/a': 'hello', 'x/b': 'hello hello hello hello' };

  test.each<[string, readonly ZipFile[], ZipEnd]>([
    ['as others write it', [a, b], {}],
    ['with sizes behind the data', [a, b].map((file) => ({ ...file, flags: 0x808, own: { crc: 0, size: 0, stored: 0 } })), {}],
    ['with padding before the data', [a, b].map((file) => ({ ...file, own: { extra: new Uint8Array(59) } })), {}],
    ['with comments', [a, b].map((file) => ({ ...file, comment: text('!') })), { comment: text('a file') }],
    ['with end records of 64 bits', [a, b], { long: {} }],
    ['whose count is in 64 bits alone', [a, b], { long: {}, count: 0xffff, size: 0xffffffff, begin: 0xffffffff }],
    ['without CRCs', [a, b].map((file) => ({ ...file, crc: 0 })), {}],
  ])('%s is read', (_, files, end) => {
    const zip = new Zip(zipOf(files, end), 'file');
    expect(contents(zip)).toEqual(wanted);
    expect([zip.sizeOf('x/a'), zip.sizeOf('x/c')]).toEqual([5, undefined]);
  });

  test('with sizes of 64 bits is read', () => {
    const extra = numbers([2, 7], [2, 2], [2, 0], [2, 1], [2, 16], [8, 5], [8, 5]);
    const wide = zipOf([{ ...a, size: 0xffffffff, stored: 0xffffffff, extra, own: { size: 5, stored: 5 } }, b]);
    expect(contents(new Zip(wide, 'file'))).toEqual(wanted);
    expect(messageOf(zipOf([{ ...a, size: 0xffffffff, stored: 0xffffffff, extra: extra.slice(0, 18) }]))).toMatch(
      /sizes of "x\/a" in 64 bits/,
    );
  });

  test('is read where it lies, without a copy of what is stored', () => {
    const bytes = zipOf([a, b]);
    const around = new Uint8Array(bytes.length + 20).fill(0x50);
    around.set(bytes, 9);
    const zip = new Zip(around.subarray(9, 9 + bytes.length), 'file');
    expect(contents(zip)).toEqual(wanted);
    expect(zip.read('x/a').buffer).toBe(around.buffer);
  });

  test('may be empty, and files in it as well', () => {
    expect(new Zip(zipOf([]), 'file').names).toEqual([]);
    expect(contents(new Zip(zipOf([{ name: 'a' }, { name: 'b', deflated: true }, { name: 'c/' }]), 'file'))).toEqual({
      a: '',
      b: '',
      'c/': '',
    });
  });
});

describe('refused is', () => {
  const size = zipOf([a]).length;
  const second = zipOf([]);
  test.each<[string, readonly ZipFile[], ZipEnd, RegExp]>([
    ['a name twice', [a, a], {}, /expected every name once, got "x\/a" twice/],
    ...['../a', 'x/../a', '..', 'x/..', '/a', 'x\\a', 'a\0b'].map((name): [string, ZipFile[], ZipEnd, RegExp] => [
      `the name ${JSON.stringify(name)}`,
      [{ name }],
      {},
      /expected names of files within it/,
    ]),
    ['a name without characters', [{ name: '' }], {}, /expected names of 1 to 4096 bytes, got 0/],
    ['a long name', [{ name: 'a'.repeat(4097) }], {}, /expected names of 1 to 4096 bytes, got 4097/],
    ['a name that is no text', [{ name: new Uint8Array([0xff, 0x41]) }], {}, /expected names in UTF-8/],
    ['another method', [{ ...a, method: 9 }], {}, /expected "x\/a" stored or deflated, got method 9/],
    ['another method in the header', [{ ...a, own: { method: 8 } }], {}, /got one of another method/],
    ['encryption', [{ ...a, flags: 0x801 }], {}, /without encryption, got flags 0x801/],
    ['encryption in the header', [{ ...a, own: { flags: 0x801 } }], {}, /got one of another method/],
    ['strong encryption', [{ ...a, flags: 0x2840 }], {}, /without encryption/],
    ['the header of another file', [a, { ...b, own: { name: 'x/c' } }], {}, /a header of "x\/b" at byte 38, got one of "x\/c"/],
    ['no header', [{ ...a, header: 1 }], {}, /a header of "x\/a" at byte 1, got none/],
    ['a header behind the files', [{ ...a, header: 40 }], {}, /a header of "x\/a" at byte 40, got none/],
    ['two files in one place', [a, { ...a, name: 'x/b', header: 0, own: { name: 'x/b' } }], {}, /got one of "x\/a"/],
    [
      'files over one another',
      [{ ...a, stored: 45, size: 45, own: { stored: 45, size: 45 } }, b],
      {},
      /"x\/a" up to byte 38, got an overlap up to byte 78/,
    ],
    ['data beyond the file', [{ ...a, stored: 9999, size: 9999 }], {}, /"x\/a" up to byte 38, got data up to byte 10032/],
    ['a size that is not what is stored', [{ ...a, size: 6 }], {}, /expected 6 bytes of "x\/a", which is stored, got 5/],
    ['another size in the header', [{ ...a, own: { size: 6 } }], {}, /got one of another size or CRC-32/],
    ['another CRC in the header', [{ ...a, own: { crc: 1 } }], {}, /got one of another size or CRC-32/],
    ['no size in the header where none is behind the data', [{ ...a, own: { size: 0 } }], {}, /got one of another size or CRC-32/],
    ['a wrong CRC', [{ ...a, crc: 1 }], {}, /x\/a of file: expected bytes that match their CRC-32/],
    ['a wrong CRC of what is deflated', [{ ...b, crc: 1 }], {}, /x\/b of file: expected bytes that match their CRC-32/],
    ['deflated data of less', [{ ...b, size: 24 }], {}, /x\/b of file: expected 24 bytes, got 23/],
    ['deflated data of more', [{ ...b, size: 22 }], {}, /x\/b of file: expected 22 bytes, got more/],
    ['a bomb', [{ ...b, size: 2 ** 26 + 1 }], {}, /expected at most 67108864 bytes of deflated data, got 67108865/],
    ['more entries than there are', [a], { count: 2 }, /expected an entry of the directory at byte \d+, got none/],
    ['fewer entries', [a, b], { count: 1 }, /expected a directory of \d+ bytes, got one of \d+/],
    ['a directory elsewhere', [a], { begin: 37 }, /expected a directory up to byte 87, got one up to 86/],
    ['a directory that ends before', [a], { size: 48 }, /expected a directory up to byte 87/],
    ['bytes behind the directory', [a], { between: new Uint8Array(4) }, /expected a directory up to byte 91, got one up to 87/],
    ['one of several parts', [a], { disk: 1 }, /expected a zip file in one part/],
    ['two end records', [a], { comment: second }, /expected one end record of a zip file, got 2/],
    ['records that differ', [a], { long: {}, count: 2 }, /expected end records that say the same, got two that differ/],
    ['a record of 64 bits elsewhere', [a], { long: { at: 3 } }, /expected an end record of 64 bits before its locator, got none at byte 3/],
    ['a record of 64 bits far away', [a], { long: { at: 2 ** 60 } }, /expected an end record of 64 bits before its locator/],
    ['a record of 64 bits of another length', [a], { long: { length: 45 } }, /expected an end record of 64 bits before its locator/],
    ['a vast count', [a], { long: { count: 2 ** 40 }, count: 0xffff }, /expected at most 65536 entries, got 1099511627776/],
    ['a vast directory', [a], { long: { size: 2 ** 60 }, size: 0xffffffff }, /expected a directory up to byte/],
  ])('%s', (_, files, end, message) => expect(messageOf(zipOf(files, end))).toMatch(message));

  test('a file cut at any byte, or longer', () => {
    const bytes = zipOf([a, b], { long: {} });
    for (let length = 0; length < bytes.length; length++)
      expect(messageOf(bytes.subarray(0, length))).toMatch(/one end record of a zip file, got 0/);
    expect(messageOf(new Uint8Array([...bytes, 0]))).toMatch(/one end record of a zip file, got 0/);
    expect(messageOf(new Uint8Array([0, ...bytes]))).toMatch(/expected/);
    expect(size).toBe(109);
  });

  test('too much deflated data in all', () => {
    const half = new Uint8Array(2 ** 26);
    const zip = new Zip(
      zipOf(['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, content: half.subarray(0, 0), deflated: true, size: half.length }))),
      'file',
    );
    for (const name of zip.names.slice(0, 4)) expect(() => zip.read(name)).toThrow(/expected 67108864 bytes, got 0/);
    expect(() => zip.read('e')).toThrow(/at most 268435456 bytes of deflated data in all, got 335544320/);
  });
});

test('what is put into a zip file comes out of it', () => {
  const file = fc.record({
    name: fc.string({ minLength: 1, unit: fc.constantFrom('a', 'ä', '/x', '.', '𝄞', ' ') }),
    content: fc.uint8Array(),
    deflated: fc.boolean(),
  });
  const files = fc
    .uniqueArray(file, { selector: ({ name }) => name, maxLength: 20 })
    .filter((list) => list.every(({ name }) => !/^\/|(^|\/)\.\.(\/|$)/.test(name)));
  fc.assert(
    fc.property(files, fc.boolean(), fc.uint8Array({ maxLength: 20 }), (list, long, comment) => {
      const zip = new Zip(zipOf(list, { comment, ...(long && { long: {} }) }), 'file');
      expect(contents(zip)).toEqual(Object.fromEntries(list.map(({ name, content }) => [name, Buffer.from(content).toString('latin1')])));
    }),
  );
});

test('a bit that flips is an error, or changes no content', () => {
  const bytes = zipOf([a, b], { long: {} });
  const wanted = contents(new Zip(bytes, 'file'));
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    let read: Record<string, string> | undefined;
    try {
      read = contents(new Zip(flipped, 'file'));
    } catch (error) {
      expect(error, `bit ${bit}`).toBeInstanceOf(TraceletError);
    }
    if (read) expect(read, `bit ${bit}`).toEqual(wanted);
  }
});
