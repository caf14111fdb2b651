import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseHeaderLength, readHeader, readSafetensors } from '../../src/formats/safetensors.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { DTYPES, type DType } from '../../src/tensor/dtype.ts';
import { sizeOf, Tensor } from '../../src/tensor/tensor.ts';
import { concat, entry, file, serialize, sourceOf } from '../support/safetensors.ts';

describe('a sound file', () => {
  test('is laid out as the format says', () => {
    const bytes = concat(
      serialize(
        [
          ['a', tensor([1.5, 2])],
          ['b', tensor([[7]])],
        ],
        { format: 'pt' },
      ),
    );
    const length = parseHeaderLength(bytes.subarray(0, 8), 'x', bytes.length);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd()).toBe(
      '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I32","shape":[1,1],"data_offsets":[8,12]}}',
    );
    expect((8 + length) % 16).toBe(0);
    expect(bytes.length).toBe(8 + length + 12);
  });

  test('may be empty, padded, out of order and hold empty tensors', () => {
    expect(readSafetensors(file('{}'), 'x').tensors.size).toBe(0);
    const json = JSON.stringify({
      b: entry('U8', [1], [2, 3]),
      e: entry('F32', [0, 3], [2, 2]),
      s: entry('I8', [], [0, 1]),
      a: entry('I8', [1], [1, 2]),
    });
    const { header, tensors } = readSafetensors(file(`${json}   `, new Uint8Array([255, 2, 3])), 'x');
    expect(header.tensors.map(({ name }) => name)).toEqual(['s', 'a', 'e', 'b']);
    expect(header.json.trimEnd()).toBe(json);
    expect(tensors.get('s')?.item()).toBe(-1);
    expect(tensors.get('e')?.tolist()).toEqual([]);
  });

  test('may begin with space, have no metadata, and names that objects have already', () => {
    const info = JSON.stringify(entry('I8', [1], [0, 1]));
    for (const json of [` \n\t\r{"a":${info}}`, `{"__metadata__":null,"a":${info}}`, `{ "a" : ${info.replaceAll(',', ' , ')} } `])
      expect(
        readSafetensors(file(json, new Uint8Array([7])), 'x')
          .tensors.get('a')
          ?.tolist(),
      ).toEqual([7]);
    const json = `{"__metadata__":{"__proto__":"x","toString":"y"},"__proto__":${info},"constructor":${JSON.stringify(entry('I8', [1], [1, 2]))}}`;
    const { tensors, metadata, header } = readSafetensors(file(json, new Uint8Array([1, 2])), 'x');
    expect([...tensors].map(([name, value]) => [name, value.tolist()])).toEqual([
      ['__proto__', [1]],
      ['constructor', [2]],
    ]);
    expect(header.tensors.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
    ]);
    expect(({} as Record<string, unknown>).dtype).toBeUndefined();
  });

  test('may say more of a tensor, and spell its name in escapes', () => {
    const json = '{"\\u0061\\ud83d\\ude00\\"":{"x":[1,{"y":-1.5e3}],"dtype":"U8","note":"}","shape":[1],"data_offsets":[0,1],"z":null}}';
    expect([...readSafetensors(file(json, 1), 'x').tensors.keys()]).toEqual(['a😀"']);
    expect([...readSafetensors(file(json.replace('\\u0061', 'an a '), 1), 'x').tensors.keys()]).toEqual(['an a 😀"']);
  });

  test.each([
    ['I16', [2, 3], 12],
    ['U16', [3], 6],
    ['U32', [2], 8],
    ['U64', [1], 8],
    ['C64', [1], 8],
    ['F8_E4M3', [5], 5],
    ['F8_E4M3FNUZ', [5], 5],
    ['F8_E5M2', [5], 5],
    ['F8_E5M2FNUZ', [5], 5],
    ['F8_E8M0', [5], 5],
    ['F6_E2M3', [4], 3],
    ['F6_E3M2', [2, 4], 6],
    ['F4', [6], 3],
    ['F4', [0], 0],
  ])('may hold %s %j, which is passed over', (dtype, shape, bytes) => {
    const json = JSON.stringify({
      a: entry('U8', [1], [0, 1]),
      other: entry(dtype, shape, [1, 1 + bytes]),
      b: entry('I8', [1], [1 + bytes, 2 + bytes]),
    });
    const data = new Uint8Array(2 + bytes).fill(9);
    data[0] = 1;
    data[1 + bytes] = 2;
    const { header, tensors } = readSafetensors(file(json, data), 'x');
    expect([...tensors].map(([name, value]) => [name, value.tolist()])).toEqual([
      ['a', [1]],
      ['b', [2]],
    ]);
    expect(header.foreign).toEqual([{ name: 'other', dtype, shape, begin: 1, end: 1 + bytes }]);
  });

  test('gives views on aligned data and copies of the rest', () => {
    const bytes = concat(
      serialize([
        ['a', tensor([1, 2], { dtype: 'float32' })],
        ['odd', tensor([3], { dtype: 'int8' })],
        ['b', tensor([4n])],
      ]),
    );
    const { tensors } = readSafetensors(bytes, 'x');
    expect(tensors.get('a')?.data.buffer).toBe(bytes.buffer);
    expect(tensors.get('b')?.data.buffer).not.toBe(bytes.buffer);
    expect(tensors.get('b')?.tolist()).toEqual([4n]);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(readSafetensors(shifted.subarray(1), 'x').tensors.get('a')?.tolist()).toEqual([1, 2]);
  });

  test('is written without copying data', () => {
    const a = tensor([1, 2]);
    const [, chunk] = [...serialize([['a', a]])];
    expect(chunk.buffer).toBe(a.data.buffer);
  });

  test('is written from views on parts of memory', () => {
    const memory = Float32Array.from([9, 1, 2, 9]);
    const part = new Tensor('float32', [2], memory.subarray(1, 3));
    expect(
      readSafetensors(concat(serialize([['a', part]])), 'x')
        .tensors.get('a')
        ?.tolist(),
    ).toEqual([1, 2]);
  });

  test('may have a header of many pieces', async () => {
    const bytes = concat(serialize([['a', tensor([7])]], { note: 'long'.repeat(1 << 20) }));
    for (const sized of [true, false]) {
      const { tensors, metadata } = await readHeader(sourceOf(bytes, sized));
      expect(tensors.map(({ name }) => name)).toEqual(['a']);
      expect(metadata.note === 'long'.repeat(1 << 20)).toBe(true);
    }
  });

  test('has a header that can be read ahead of the data', async () => {
    const bytes = concat(serialize([['a', tensor([1, 2])]], { k: 'v' }));
    for (const sized of [true, false]) {
      const source = sourceOf(bytes, sized);
      const header = await readHeader(source);
      expect(header.tensors).toEqual([{ name: 'a', dtype: 'int32', shape: [2], begin: 0, end: 8 }]);
      expect({ ...header.metadata }).toEqual({ k: 'v' });
      expect([header.headerBytes + header.dataBytes, header.dataBytes]).toEqual([bytes.length, 8]);
      const data = new Uint8Array(8);
      expect(await source.read(data)).toBe(8);
      expect(new Int32Array(data.buffer)).toEqual(new Int32Array([1, 2]));
    }
  });

  test('stops at an aborted signal', async () => {
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(readHeader(sourceOf(file('{}')), { signal })).rejects.toThrow('stop');
  });

  test('has metadata without a prototype', () => {
    const { metadata } = readSafetensors(file('{"__metadata__":{"a":"b"}}'), 'x');
    expect([metadata.toString, metadata.a]).toEqual([undefined, 'b']);
  });
});

const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((s) => s !== '__proto__' && s !== '__metadata__');
const anyTensor = fc
  .record({ dtype: fc.constantFrom(...(Object.keys(DTYPES) as DType[])), shape: fc.array(fc.nat(4), { maxLength: 4 }) })
  .chain(({ dtype, shape }) => {
    const bytes = sizeOf(shape) * DTYPES[dtype].bytes;
    return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((data) => ({ dtype, shape, data }));
  });
const anyFile = fc.tuple(
  fc.uniqueArray(fc.tuple(text, anyTensor), { selector: ([name]) => name, maxLength: 6 }),
  fc.dictionary(text, text),
);

const bytesOf = ({ data }: Tensor): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function build(entries: [string, { dtype: DType; shape: number[]; data: Uint8Array }][]): [string, Tensor][] {
  return entries.map(([name, { dtype, shape, data }]) => [name, new Tensor(dtype, shape, new DTYPES[dtype].array(data.slice().buffer))]);
}

test('what is written is what is read', () => {
  fc.assert(
    fc.property(anyFile, ([entries, metadata]) => {
      const written = build(entries);
      const read = readSafetensors(concat(serialize(written, metadata)), 'x');
      expect({ ...read.metadata }).toEqual({ ...metadata });
      expect(new Set(read.tensors.keys())).toEqual(new Set(written.map(([name]) => name)));
      for (const [name, value] of written) {
        const back = read.tensors.get(name) as Tensor;
        expect([back.dtype, back.shape]).toEqual([value.dtype, value.shape]);
        expect(bytesOf(back)).toEqual(bytesOf(value));
      }
    }),
  );
});

test('a header is read as JSON.parse reads it', () => {
  const space = fc.constantFrom('', ' ', '\n', '\t ');
  const name = fc.string({ unit: 'binary', maxLength: 8 }).filter((s) => s !== '__metadata__');
  const shapes = fc.uniqueArray(fc.tuple(name, fc.array(fc.nat(3), { maxLength: 3 })), { selector: ([key]) => key, maxLength: 8 });
  const escaped = (s: string, all: boolean): string =>
    all
      ? `"${[...s]
          .flatMap((c) => c.split(''))
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join('')}"`
      : JSON.stringify(s);
  fc.assert(
    fc.property(shapes, space, fc.boolean(), fc.dictionary(name, name), (entries, gap, all, metadata) => {
      let at = 0;
      const parts = entries.map(([key, shape]) => {
        const begin = at;
        at += sizeOf(shape);
        return `${escaped(key, all)}${gap}:${gap}${JSON.stringify(entry('U8', shape, [begin, at]))}`;
      });
      const json = `${gap}{"__metadata__":${JSON.stringify(metadata)}${['', ...parts].join(`${gap},${gap}`)}${gap}}${gap}`;
      const { header, metadata: read } = readSafetensors(file(json, at), 'x');
      const { __metadata__, ...want } = JSON.parse(json);
      expect(new Map(Object.entries(read))).toEqual(new Map(Object.entries(__metadata__)));
      const got = header.tensors.map(({ name: key, shape, begin, end }) => [key, entry('U8', shape, [begin, end])] as const);
      expect(new Map(got)).toEqual(new Map(Object.entries(want)));
    }),
  );
});
