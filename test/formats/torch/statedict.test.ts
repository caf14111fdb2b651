import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../../src/base/error.ts';
import { openCheckpoint } from '../../../src/formats/checkpoint.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { archive, call, dict, type Layout, legacy, ops, pickled, strided, text, tuple, whole } from '../../support/pickle.ts';
import { problem } from '../../support/tiny.ts';
import { numbers, zipOf } from '../../support/zip.ts';

const FLOATS = new Uint8Array(Float32Array.from({ length: 16 }, (_, i) => i).buffer);
const NONE = ops('N');

const plain = (tensors: ReadonlyMap<string, Tensor>) =>
  Object.fromEntries([...tensors].map(([name, t]) => [name, [t.dtype, t.shape, t.tolist()]]));
const opened = (value: Uint8Array, storages: Record<string, Uint8Array> = { 0: FLOATS }) =>
  openCheckpoint(archive(pickled(value), storages));
const namesIn = async (value: Uint8Array): Promise<string[]> => [...(await opened(value)).tensors.keys()];
const refused = async (code: string, value: Uint8Array, storages?: Record<string, Uint8Array>): Promise<string> => {
  const error = await opened(value, storages).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(TraceletError);
  expect((error as TraceletError).code).toBe(code);
  return (error as TraceletError).message;
};

const row = strided({ size: [2], stride: [1] });

describe('a state dict', () => {
  test('is a dict, an OrderedDict, or within a dict', async () => {
    const inner = dict({ a: row, b: row });
    const ordered = ops(call('collections', 'OrderedDict'), '(', text('a'), row, text('b'), row, 'u');
    const metadata = ops(ordered, dict({ _metadata: call('collections', 'OrderedDict') }), 'b');
    const more = dict({
      epoch: whole(3),
      lr: ops('G', numbers([8, 0])),
      flags: tuple(NONE, ops('\x88')),
      state_dict: inner,
      optimizer: dict({ x: row }),
    });
    for (const value of [inner, ordered, metadata, more, dict({ model_state_dict: inner }), dict({ model: metadata, args: NONE })])
      expect(await namesIn(value)).toEqual(['a', 'b']);
  });

  test('of Python 2 is a list of its entries', async () => {
    const pair = (name: string) => ops('](U', name.length, name, row, 'e');
    const ordered = call('collections', 'OrderedDict', ops('](', pair('a'), pair('b'), 'e'));
    expect(await namesIn(ordered)).toEqual(['a', 'b']);
    expect(
      await namesIn(ops(ordered, dict({ _metadata: call('collections', 'OrderedDict', ops('](', tuple(text(''), ops('}')), 'e')) }), 'b')),
    ).toEqual(['a', 'b']);
  });

  test('of Python 2 takes its entries over, so that many are not many times as large', async () => {
    const times = 20_000;
    const entries = Array.from({ length: times }, (_, i) => tuple(text(`k${i}`), NONE));
    const again = Object.fromEntries(Array.from({ length: times }, (_, i) => [`n${i}`, ops('h\0h\x01\x85R')]));
    const kept = { class: ops('ccollections\nOrderedDict\nq\0'), list: ops('](', ...entries, 'eq\x01') };
    expect(await namesIn(dict({ ...kept, ...again, a: row }))).toEqual(['a']);
  });

  test('may hold what is no tensor, which is passed over', async () => {
    const device = call('torch', 'device', text('cuda:0'));
    const size = call('torch', 'Size', tuple(whole(1)));
    expect(await namesIn(dict({ a: row, n: whole(1), none: NONE, list: ops(']'), device, size, dtype: ops('ctorch\nfloat32\n') }))).toEqual(
      ['a'],
    );
    expect(await namesIn(ops('}'))).toEqual([]);
  });

  test('of all names behind a wrapper is read without it', async () => {
    expect(await namesIn(dict({ 'module.a': row, 'module.b.c': row }))).toEqual(['a', 'b.c']);
    expect(await namesIn(dict({ 'module._orig_mod.module.a': row }))).toEqual(['a']);
    expect(await namesIn(dict({ 'module.a': row, b: row }))).toEqual(['module.a', 'b']);
    expect(await namesIn(dict({ modulea: row }))).toEqual(['modulea']);
    const short = strided({ key: '1', type: 'ShortStorage', length: 1, size: [1], stride: [1] });
    const { foreign, tensors } = await opened(dict({ 'module.a': row, 'module.s': short }), { 0: FLOATS, 1: new Uint8Array(2) });
    expect([[...tensors.keys()], [...(foreign?.keys() ?? [])]]).toEqual([['a'], ['s']]);
  });

  test('of Lightning is read without the name of its model', async () => {
    const state_dict = dict({ 'model.a': row, 'model.model.b': row });
    expect(await namesIn(dict({ state_dict, 'pytorch-lightning_version': text('2.0') }))).toEqual(['a', 'model.b']);
    expect(await namesIn(dict({ state_dict }))).toEqual(['model.a', 'model.model.b']);
    const other = dict({ 'model.a': row, b: row });
    expect(await namesIn(dict({ state_dict: other, 'pytorch-lightning_version': text('2.0') }))).toEqual(['model.a', 'b']);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['a tensor', row, /expected a dict of tensors by name, or a state_dict in one, got a tensor\. Save the weights alone/],
    ['a list', ops('](', row, 'e'), /got a list/],
    ['a number', whole(1), /got 1/],
    ['nothing', NONE, /got None/],
    ['a dict of others', dict({ epoch: whole(1), lists: dict({ a: row }) }), /got one of "epoch", "lists"/],
    ['tensors by number', ops('}(', whole(1), row, 'u'), /got a tensor called 1/],
    ['a list that holds itself', ops(']q\0h\0a'), /got a list/],
    ['a dict that holds itself', ops('}q\0', text('state_dict'), 'h\0s'), /got one of/],
  ])('is not %s', async (_, value, message) => expect(await refused('checkpoint', value)).toMatch(message));

  test('has one spelling of a name, as in safetensors', async () => {
    expect(await namesIn(dict({ 'x.LayerNorm.gamma': row, 'x.LayerNorm.beta': row }))).toEqual(['x.LayerNorm.weight', 'x.LayerNorm.bias']);
    expect(await refused('checkpoint', dict({ 'LayerNorm.gamma': row, 'LayerNorm.weight': row }))).toMatch(/one spelling of a LayerNorm/);
  });
});

describe('a tensor', () => {
  const tensorOf = async (layout: Layout) => (await opened(dict({ t: strided(layout) }))).tensors.get('t') as Tensor;

  test.each<[string, Layout, unknown]>([
    [
      'in order',
      { size: [2, 3], stride: [3, 1], offset: 4 },
      [
        [4, 5, 6],
        [7, 8, 9],
      ],
    ],
    [
      'transposed',
      { size: [3, 2], stride: [1, 3] },
      [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
    ],
    [
      'in steps',
      { size: [2, 2], stride: [8, 3], offset: 1 },
      [
        [1, 4],
        [9, 12],
      ],
    ],
    [
      'expanded',
      { size: [2, 3], stride: [0, 1] },
      [
        [0, 1, 2],
        [0, 1, 2],
      ],
    ],
    [
      'a number, expanded',
      { size: [2, 2], stride: [0, 0], offset: 15 },
      [
        [15, 15],
        [15, 15],
      ],
    ],
    [
      'of many dimensions',
      { size: [2, 1, 2, 2], stride: [1, 9, 8, 2] },
      [
        [
          [
            [0, 2],
            [8, 10],
          ],
        ],
        [
          [
            [1, 3],
            [9, 11],
          ],
        ],
      ],
    ],
    ['a number', { size: [], stride: [], offset: 7 }, 7],
    ['of one element, whatever its stride', { size: [1, 1], stride: [99, 2 ** 40], offset: 15 }, [[15]]],
    ['empty', { size: [0, 4], stride: [4, 1], offset: 16 }, []],
    ['empty, whatever its strides', { size: [3, 0], stride: [2 ** 40, 7] }, [[], [], []]],
    [
      'over itself',
      { size: [3, 2], stride: [1, 1] },
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    ],
  ])('%s', async (_, layout, wanted) => expect((await tensorOf(layout)).tolist()).toEqual(wanted));

  test('of the same elements under two names is one, and others are views on the same bytes', async () => {
    const bytes = archive(pickled(dict({ a: strided(), b: strided(), c: strided({ size: [2, 8], stride: [8, 1] }), d: row })), {
      0: FLOATS,
    });
    const aligned = new Uint8Array(bytes.length + 4);
    const begin = (4 - (locate(bytes) % 4)) % 4;
    aligned.set(bytes, begin);
    const { tensors } = await openCheckpoint(aligned.subarray(begin, begin + bytes.length));
    expect(tensors.get('a')).toBe(tensors.get('b'));
    expect(tensors.get('a')).not.toBe(tensors.get('c'));
    for (const name of ['a', 'c', 'd']) expect(tensors.get(name)?.data.buffer).toBe(aligned.buffer);
  });

  test.each<[string, Layout, RegExp]>([
    ['behind its storage', { offset: 8 }, /expected a tensor within the 16 elements of storage 0, got \[4,4\] by \[4,1\] from 8 on/],
    ['that begins behind it', { offset: 17, size: [0], stride: [1] }, /expected a tensor within the 16 elements/],
    ['with a stride beyond it', { stride: [2 ** 30, 1] }, /expected a tensor within the 16 elements/],
    ['with a vast stride', { stride: [2 ** 52, 2 ** 52] }, /expected a tensor within the 16 elements/],
    ['with a negative offset', { offset: -1 }, /expected an offset that is a whole number from 0, got -1/],
    [
      'with a negative size',
      { size: [-4, 4] },
      /expected at most 64 dimensions and as many strides, whole numbers from 0, got \[-4,4\] and \[4,1\]/,
    ],
    ['with a negative stride', { stride: [-4, 1] }, /and \[-4,1\]/],
    ['with too few strides', { stride: [1] }, /\[4,4\] and \[1\]/],
    ['with too many dimensions', { size: new Array(65).fill(1), stride: new Array(65).fill(1) }, /at most 64 dimensions/],
    ['with too many elements', { size: [2 ** 20, 2 ** 20], stride: [0, 0] }, /expected a tensor of at most 2147483647 elements/],
    [
      'of a large part of nothing',
      { size: [2 ** 30], stride: [0] },
      /tensor "t" of bytes: expected tensors of at most 2 times the elements/,
    ],
    ['of a storage that is not there', { key: '1' }, /expected 64 bytes in "data\/1", got no such record/],
    ['of a storage elsewhere', { key: '../version' }, /expected 64 bytes in "data\/\.\.\/version", got no such record/],
    ['of a longer storage', { length: 17 }, /expected 68 bytes in "data\/0", got 64/],
    ['of a shorter storage', { length: 15, size: [1], stride: [1] }, /expected 60 bytes in "data\/0", got 64/],
    ['of another storage', { type: 'DoubleStorage' }, /expected 128 bytes in "data\/0", got 64/],
    [
      'of a negative length',
      { length: -16 },
      /expected the id of a storage: its type, key, device and length, got \("storage", torch\.FloatStorage, "0", "cpu", -16\)/,
    ],
    ['of a vast storage', { length: 2 ** 52 }, /expected a storage of a sensible length/],
  ])('%s is refused', async (_, layout, message) => expect(await refused('format', dict({ t: strided(layout) }))).toMatch(message));

  test('is copied no more often than is sensible, whatever its names', async () => {
    const columns = (offset: number): Uint8Array =>
      strided({ key: '1', type: 'HalfStorage', length: 2 ** 19, offset, size: [2 ** 18], stride: [1] });
    const half = { 0: FLOATS, 1: new Uint8Array(2 ** 20) };
    const some = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`t${i}`, columns(i)]));
    expect((await opened(dict(some), half)).tensors.size).toBe(8);
    expect(await refused('format', dict({ ...some, t8: columns(8) }), half)).toMatch(
      /tensor "t8" of bytes: .*, got 262144 elements more\. Save the model/,
    );
    const same = Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`t${i}`, columns(0)]));
    expect((await opened(dict(same), half)).tensors.size).toBe(99);
  });

  test.each<[string, Uint8Array]>([
    [
      '_rebuild_tensor',
      call(
        'torch._utils',
        '_rebuild_tensor',
        ops(tuple(text('storage'), ops('ctorch\nFloatStorage\n'), text('0'), text('cpu'), whole(16)), 'Q'),
        whole(0),
        tuple(whole(2)),
        tuple(whole(1)),
      ),
    ],
    ['_rebuild_parameter', call('torch._utils', '_rebuild_parameter', row, ops('\x88'), call('collections', 'OrderedDict'))],
    ['_rebuild_parameter_with_state', call('torch._utils', '_rebuild_parameter_with_state', row, ops('\x88'), ops('}'), ops('}'))],
    ['Parameter', call('torch.nn.parameter', 'Parameter', row, ops('\x88'))],
    [
      '_rebuild_from_type_v2',
      call(
        'torch._tensor',
        '_rebuild_from_type_v2',
        ops('ctorch._utils\n_rebuild_parameter\n'),
        ops('ctorch.nn.parameter\nParameter\n'),
        tuple(row, ops('\x88'), ops('}')),
        ops('}'),
      ),
    ],
  ])('may be made by %s', async (_, value) =>
    expect(plain((await opened(dict({ t: value }))).tensors)).toEqual({ t: ['float32', [2], [0, 1]] }),
  );

  test.each<[string, Uint8Array, RegExp]>([
    ['of no storage', call('torch._utils', '_rebuild_tensor_v2', NONE, whole(0), tuple(), tuple()), /expected a storage, got None/],
    ['of nothing', call('torch._utils', '_rebuild_tensor_v2'), /expected a storage, got undefined/],
    ['of a parameter of nothing', call('torch._utils', '_rebuild_parameter', NONE), /expected a tensor, got None/],
    [
      'of another call',
      call('torch._tensor', '_rebuild_from_type_v2', ops('ctorch\nSize\n'), NONE, tuple(tuple()), NONE),
      /expected what makes a tensor, and its arguments, got torch\.Size and a tuple/,
    ],
    [
      'of itself',
      call('torch._tensor', '_rebuild_from_type_v2', ops('ctorch._tensor\n_rebuild_from_type_v2\n'), NONE, tuple(), NONE),
      /expected what makes a tensor/,
    ],
    ['of a size that is none', call('torch', 'Size', NONE), /expected a tuple of sizes, got None/],
    ['of a dict with arguments', call('collections', 'OrderedDict', NONE), /expected a list of entries, or nothing, got None/],
    ['of a dict of one', call('collections', 'OrderedDict', ops('](](', whole(1), 'ee')), /expected a text and a value, got a list/],
    [
      'of a dict of numbers',
      call('collections', 'OrderedDict', ops('](', tuple(whole(1), NONE), 'e')),
      /expected a text and a value, got a tuple/,
    ],
    ['of the id of a module', ops(tuple(text('module'), NONE), 'Q'), /expected the id of a storage: .*, got \("module", None\)/],
    ['of no id', ops('NQ'), /expected the id of a storage: .*, got None/],
    ['of a class', ops('ctorch\nTensor\n)R'), /expected something that can be called, got torch\.Tensor/],
    [
      'of a dict whose state is another',
      ops('}', dict({ __setstate__: whole(1) }), 'b'),
      /expected something that takes this state, got a dict/,
    ],
    ['of a tensor with a state', ops(row, '}b'), /expected something that takes this state, got a tensor/],
  ])('%s is refused', async (_, value, message) => expect(await refused('format', dict({ t: value }))).toMatch(message));

  test.each([
    'posix system',
    'torch load',
    'builtins getattr',
    'torch.storage _load_from_bytes',
    'torch._utils _rebuild_qtensor',
    '__main__ Net',
    'numpy dtype',
  ])('of %s is refused by its name', async (name) => {
    const [module, each] = name.split(' ');
    expect(await refused('unsupported', dict({ t: call(module, each) }))).toContain(
      `data.pkl of bytes, byte 10: expected names of what a state_dict is made of, got "${module}.${each}". Nothing else that a file names is made or run here`,
    );
  });
});

/** Where the data of storage 0 begin. */
const locate = (bytes: Uint8Array): number => Buffer.from(bytes).indexOf(Buffer.from(FLOATS));

describe('an archive', () => {
  const value = pickled(dict({ a: row }));
  const kinds: [string, string[], string][] = [
    [
      'TorchScript',
      ['x/data.pkl', 'x/constants.pkl', 'x/code/__torch__.py', 'x/version'],
      'got a TorchScript archive. Save its weights in Python: torch.save(torch.jit.load',
    ],
    ['TorchScript before 1.4', ['x/version', 'x/model.json', 'x/tensors/0'], 'got a TorchScript archive'],
    [
      'torch.export',
      ['x/archive_format', 'x/models/model.json'],
      'got a program of torch.export. Save its weights in Python: torch.save(torch.export.load',
    ],
    ['torch.export before 2.8', ['version', 'serialized_exported_program.json'], 'got a program of torch.export'],
    ['mobile devices', ['x/data.pkl', 'x/bytecode.pkl', 'x/constants.pkl'], 'got an archive for mobile devices'],
  ];
  test.each(kinds)('of %s is refused by its name', async (_, names, message) => {
    const error = await problem('unsupported', () => openCheckpoint(zipOf(names.map((name) => ({ name })))));
    expect(error.message).toContain(`bytes: expected a file of torch.save, ${message}`);
  });

  test.each<[string, Uint8Array, string]>([
    [
      'zip file of others',
      zipOf([{ name: 'word/document.xml' }]),
      'bytes: expected an archive of PyTorch, got a zip file with "word/document.xml"',
    ],
    ['zip file of nothing', zipOf([]), 'bytes: expected an archive of PyTorch, got an empty zip file'],
    [
      'zip file of two folders',
      zipOf([{ name: 'x/data.pkl' }, { name: 'y/data/0' }]),
      'bytes: expected an archive of PyTorch, got a zip file with "x/data.pkl"',
    ],
  ])('is no %s', async (_, bytes, message) => expect((await problem('format', () => openCheckpoint(bytes))).message).toBe(message));

  test('has a version and an order of bytes', async () => {
    const version = (content: string) =>
      zipOf([
        { name: 'a/data.pkl', content: value },
        { name: 'a/data/0', content: FLOATS },
        { name: 'a/version', content: new TextEncoder().encode(content) },
      ]);
    for (const sound of ['1', '3\n', '10']) expect((await openCheckpoint(version(sound))).tensors.size).toBe(1);
    for (const wrong of ['0', '11', '', 'x', '-1', '1.5', '9'.repeat(400)])
      expect((await problem('version', () => openCheckpoint(version(wrong)))).message).toMatch(
        /^bytes: expected an archive of version 1 to 10, got "/,
      );
    const order = (content: string) =>
      archive(value, { 0: FLOATS }, [{ name: 'archive/byteorder', content: new TextEncoder().encode(content) }]);
    expect((await openCheckpoint(order('little'))).tensors.size).toBe(1);
    expect((await problem('unsupported', () => openCheckpoint(order('big')))).message).toMatch(/expected little-endian numbers, got "big"/);
    expect(
      (
        await openCheckpoint(
          zipOf([
            { name: 'a/data.pkl', content: value },
            { name: 'a/data/0', content: FLOATS, deflated: true },
          ]),
        )
      ).tensors.size,
    ).toBe(1);
  });

  test('has a pickle that matches its CRC; of tensors nothing is said', async () => {
    const file = (of: 'pickle' | 'data', crc: number) =>
      zipOf([
        { name: 'a/data.pkl', content: value, ...(of === 'pickle' && { crc }) },
        { name: 'a/data/0', content: FLOATS, ...(of === 'data' && { crc }) },
      ]);
    for (const sound of [file('data', 1), file('data', 0), file('pickle', 0)]) expect((await openCheckpoint(sound)).tensors.size).toBe(1);
    expect((await problem('format', () => openCheckpoint(file('pickle', 1)))).message).toMatch(
      /data\.pkl of bytes: expected bytes that match their CRC-32/,
    );
  });

  test('with a byte that is changed outside of tensors is an error, or the same', async () => {
    const bytes = archive(pickled(dict({ a: strided(), 'b.c': row })), { 0: FLOATS }, [
      { name: 'archive/byteorder', content: new TextEncoder().encode('little') },
    ]);
    const wanted = plain((await openCheckpoint(bytes)).tensors);
    const data = locate(bytes);
    for (let at = 0; at < bytes.length; at++)
      for (const flip of [1, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[at] ^= flip;
        const read = await openCheckpoint(changed).catch((error: unknown) => error);
        if (read instanceof Error) expect(read, `byte ${at}`).toBeInstanceOf(TraceletError);
        else if (at < data || at >= data + FLOATS.length)
          expect(plain((read as { tensors: Map<string, Tensor> }).tensors), `byte ${at}`).toEqual(wanted);
      }
  });
});

test.each([
  ['PYTORCH1 and more', 'a PyTorch file of a format that was given up before 1.0'],
  ['\x20\0\0\0PTMF', 'a PyTorch model for mobile devices'],
  ['sys_info\0\0\0', 'a tar file of PyTorch before 0.2'],
])('%j is refused by what it is', async (begin, what) => {
  const { message } = await problem('unsupported', () => openCheckpoint(ops(begin, new Uint8Array(600))));
  expect(message).toBe(
    `bytes: expected a checkpoint, got ${what}. Save the weights of the model in Python: torch.save(model.state_dict(), "pytorch_model.bin")`,
  );
});

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

describe('tensors that lie in a storage in any way', () => {
  const LENGTH = 40;
  const stored = Int32Array.from({ length: LENGTH }, (_, i) => i);
  /** Sizes and strides that stay within the storage. */
  const layout = fc
    .tuple(fc.array(fc.tuple(fc.nat(4), fc.nat(9)), { maxLength: 4 }), fc.nat(LENGTH))
    .map(([dims, offset]) => ({ size: dims.map(([size]) => size), stride: dims.map(([, stride]) => stride), offset }))
    .filter(({ size, stride, offset }) => size.includes(0) || size.reduce((at, dim, i) => at + (dim - 1) * stride[i], offset) < LENGTH);

  const elementsOf = ({ size, stride, offset }: { size: number[]; stride: number[]; offset: number }): number[] => {
    const [width, ...rest] = size;
    if (width === undefined) return [offset];
    return Array.from({ length: width }, (_, i) =>
      elementsOf({ size: rest, stride: stride.slice(1), offset: offset + i * stride[0] }),
    ).flat();
  };

  test('are in order, from both kinds of files and any place in memory', async () => {
    const type = { type: 'IntStorage', length: LENGTH, key: 'k' };
    const bytes = new Uint8Array(stored.buffer);
    await fc.assert(
      fc.asyncProperty(fc.array(layout, { minLength: 1, maxLength: 6 }), fc.boolean(), fc.nat(7), async (layouts, old, shift) => {
        const value = dict(Object.fromEntries(layouts.map((each, i) => [`t${i}`, strided({ ...type, ...each })])));
        const file = old ? legacy(value, { k: [LENGTH, bytes] }) : archive(pickled(value), { k: bytes });
        const shifted = new Uint8Array(file.length + shift);
        shifted.set(file, shift);
        for (const source of [shifted.subarray(shift), new Blob([file as BlobPart])]) {
          const { tensors } = await openCheckpoint(source);
          const got = [...tensors.values()].map(({ dtype, shape, data }) => [dtype, shape, [...data]]);
          expect(got).toEqual(layouts.map((each) => ['int32', each.size, elementsOf(each)]));
        }
      }),
      { numRuns: 150 },
    );
  });
});
